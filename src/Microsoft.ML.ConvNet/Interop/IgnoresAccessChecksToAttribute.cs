namespace System.Runtime.CompilerServices;

/// <summary>Lets this assembly use the internals of another. The runtime knows the attribute by its name; no library defines it.</summary>
/// <param name="assemblyName">The name of the other assembly.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    /// <summary>The name of the other assembly.</summary>
    public string AssemblyName { get; } = assemblyName;
}
