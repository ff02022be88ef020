using System.Collections.Concurrent;
using System.Reflection;

namespace Microsoft.ML.ConvNet;

/// <summary>The ops by their stable names: those of this assembly, and those that a user registers.</summary>
public static class OpRegistry
{
    private static readonly ConcurrentDictionary<string, Type> _types = new(
        typeof(Op).Assembly.GetTypes()
            .Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(Op)))
            .ToDictionary(t => AttributeOf(t).Name, t => t));

    private static readonly ConcurrentDictionary<Type, OpAttribute> _attributes = new();

    /// <summary>All known ops.</summary>
    public static IReadOnlyCollection<Type> Types => [.. _types.Values];

    /// <summary>Makes an op of another assembly known, so that model files that use it can be loaded.</summary>
    /// <exception cref="ArgumentException">Another op has the same name.</exception>
    public static void Register<TOp>() where TOp : Op
    {
        var name = AttributeOf(typeof(TOp)).Name;
        if (_types.GetOrAdd(name, typeof(TOp)) != typeof(TOp))
            throw new ArgumentException($"The op name '{name}' of {typeof(TOp)} is taken by {_types[name]}.");
    }

    internal static Type? Find(string name) => _types.GetValueOrDefault(name);

    internal static string NameOf(Type type) => AttributeOf(type).Name;

    internal static OpAttribute AttributeOf(Type type)
        => _attributes?.GetOrAdd(type, ReadAttribute) ?? ReadAttribute(type);

    private static OpAttribute ReadAttribute(Type type)
        => type.GetCustomAttribute<OpAttribute>()
           ?? throw new InvalidOperationException($"The op {type} has no [Op(\"…\")] attribute; it needs one to be stored in model files.");
}
