using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Kernels.Compiler;

/// <summary>Knows which methods need a group around them: those that wait at a barrier or share memory, and those that call one.</summary>
internal static class GroupMethods
{
    private static readonly ConcurrentDictionary<MethodBase, bool> s_known = new();

    public static bool IsBarrier(MethodBase method) => method.DeclaringType == typeof(Group) && method.Name == nameof(Group.Barrier);

    public static bool IsSharedAllocation(MethodBase method) => method.DeclaringType == typeof(SharedMemory);

    public static bool Needs(MethodBase method)
    {
        if (IsBarrier(method) || IsSharedAllocation(method))
            return true;
        if (IsForeign(method) || method.GetMethodBody() == null)
            return false;
        if (s_known.TryGetValue(method, out var known))
            return known;
        // A method that calls itself asks for itself again.
        s_known[method] = false;
        return s_known[method] = Calls(method).Any(Needs);
    }

    /// <summary>The method that a call leads to: calls through the constraint of a type parameter lead to the type's own.</summary>
    public static MethodBase Target(MethodBase called, Type? constraint)
    {
        if (constraint is not { IsValueType: true } || called.DeclaringType is not { IsInterface: true } contract)
            return called;
        var generic = called is MethodInfo { IsGenericMethod: true } method ? method.GetGenericMethodDefinition() : called;
        var map = constraint.GetInterfaceMap(contract);
        var target = map.TargetMethods[Array.IndexOf(map.InterfaceMethods, generic)];
        return target.IsGenericMethodDefinition ? target.MakeGenericMethod(called.GetGenericArguments()) : target;
    }

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        Type? constraint = null;
        foreach (var instruction in MethodReader.Read(method))
        {
            if (instruction.OpCode == OpCodes.Constrained)
                constraint = (Type)instruction.Operand!;
            else if (instruction.Operand is MethodBase called)
                yield return Target(called, constraint);
            if (instruction.OpCode.OpCodeType != OpCodeType.Prefix)
                constraint = null;
        }
    }

    private static bool IsForeign(MethodBase method)
    {
        var assembly = method.Module.Assembly;
        return assembly == typeof(Group).Assembly || assembly.GetName().Name!.StartsWith("System.", StringComparison.Ordinal);
    }
}
