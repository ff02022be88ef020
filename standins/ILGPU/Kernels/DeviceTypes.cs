using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime;

namespace ILGPU.Kernels;

/// <summary>Which types the real library takes as elements of memory and as parameters of kernels.</summary>
internal static class DeviceTypes
{
    private static readonly ConcurrentDictionary<Type, bool> s_laidOut = new();

    public static void CheckElement(Type type)
    {
        if (IsView(type) || !s_laidOut.GetOrAdd(type, IsLaidOut))
            throw NotBlittable(type);
    }

    public static void CheckParameter(string kernel, Type type)
    {
        if (!s_laidOut.GetOrAdd(type, IsLaidOut))
            throw new ArgumentException($"A parameter of '{kernel}' has a type that kernels do not take.", NotBlittable(type));
        if (!type.IsVisible && !type.Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Any(friend => friend.AssemblyName == Context.RuntimeAssemblyName))
            throw new NotSupportedException($"The launcher of '{kernel}' cannot see the type of a parameter: make {type} public, or internal with [assembly: InternalsVisibleTo(\"{Context.RuntimeAssemblyName}\")].");
    }

    private static bool IsLaidOut(Type type)
    {
        if (type.IsEnum)
            type = type.GetEnumUnderlyingType();
        if (type.IsPrimitive)
            return type != typeof(bool) && type != typeof(char);
        if (IsView(type))
            return IsLaidOut(type.GetGenericArguments()[0]);
        if (!type.IsValueType)
            return false;
        var isTuple = type.IsGenericType && type.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);
        return (isTuple || type.StructLayoutAttribute is null or { Value: LayoutKind.Sequential })
            && type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).All(field => IsLaidOut(field.FieldType));
    }

    private static bool IsView(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var view && (view == typeof(ArrayView<>) || view == typeof(ArrayView1D<,>));

    private static NotSupportedException NotBlittable(Type type) => new($"Type '{type.FullName}' is not blittable: it has a bool, a char or a reference in it, or its fields are not laid out in sequence.");
}
