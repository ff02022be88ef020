using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Kernels.Compiler;

/// <summary>Makes the type of a thread's frame, and the methods that work on it.</summary>
internal static class FrameBuilder
{
    private static readonly ModuleBuilder s_module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("ILGPU.Frames"), AssemblyBuilderAccess.Run).DefineDynamicModule("Frames");
    private static readonly Lock s_lock = new();
    private static int s_frames;

    public static LaneProgram Build(MethodInfo kernel, List<Slot> slots, Slot[] parameters, List<LaneCompiler.Mark> barriers, List<Action<ILGenerator>> code)
    {
        var frame = Declare(kernel, slots);
        var resume = Method("Resume", kernel, typeof(int), [frame.MakeByRefType(), typeof(int)], il => Resume(il, parameters, barriers, code));
        var enter = Method("Enter", kernel, typeof(void), [frame.MakeByRefType(), typeof(object[])], il => Enter(il, parameters));
        return (LaneProgram)Activator.CreateInstance(typeof(LaneProgram<>).MakeGenericType(frame), kernel, resume, enter)!;
    }

    private static Type Declare(MethodInfo kernel, List<Slot> slots)
    {
        lock (s_lock)
        {
            var builder = s_module.DefineType($"{kernel.Name}{s_frames++}", TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.SequentialLayout, typeof(ValueType));
            for (var i = 0; i < slots.Count; i++)
                builder.DefineField($"Slot{i}", slots[i].Type, FieldAttributes.Public);
            var type = builder.CreateType();
            for (var i = 0; i < slots.Count; i++)
                slots[i].Field = type.GetField($"Slot{i}")!;
            return type;
        }
    }

    private static DynamicMethod Method(string name, MethodInfo kernel, Type result, Type[] parameters, Action<ILGenerator> code)
    {
        // The kernel's module may use what is internal or private there.
        var method = new DynamicMethod($"{kernel.Name}.{name}", result, parameters, kernel.Module, skipVisibility: true);
        code(method.GetILGenerator());
        return method;
    }

    /// <summary>Begins at the start for number zero, and behind the barrier with the number otherwise.</summary>
    private static void Resume(ILGenerator il, Slot[] parameters, List<LaneCompiler.Mark> barriers, List<Action<ILGenerator>> code)
    {
        var start = il.DefineLabel();
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Switch, [start, .. barriers.Select(barrier => barrier.In(il))]);
        il.MarkLabel(start);
        foreach (var parameter in parameters)
            parameter.Restore(il);
        foreach (var step in code)
            step(il);
    }

    /// <summary>Puts the arguments into a frame.</summary>
    private static void Enter(ILGenerator il, Slot[] parameters)
    {
        for (var i = 0; i < parameters.Length; i++)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldelem_Ref);
            il.Emit(OpCodes.Unbox_Any, parameters[i].Type);
            il.Emit(OpCodes.Stfld, parameters[i].Field);
        }
        il.Emit(OpCodes.Ret);
    }
}
