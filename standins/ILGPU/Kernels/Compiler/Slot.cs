using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Kernels.Compiler;

/// <summary>
/// A variable of a kernel. It lives in a field of the thread's frame where something takes its address, and in a local variable that
/// barriers save to the field and fetch from it where nothing does.
/// </summary>
internal sealed class Slot(Type type)
{
    private LocalBuilder? _local;

    /// <summary>References are kept as addresses: what they refer to does not move.</summary>
    public Type Type { get; } = type.IsByRef || type.IsPointer ? typeof(nint) : type;

    /// <summary>Known once the kernel has been read.</summary>
    public FieldInfo Field { get; set; } = null!;

    public bool IsAddressed { get; set; }

    private bool HoldsReference { get; } = type.IsByRef;

    public void Load(ILGenerator il)
    {
        if (IsAddressed)
            Fetch(il);
        else
            il.Emit(OpCodes.Ldloc, Local(il));
    }

    public void LoadAddress(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldflda, Field);
    }

    public void Store(ILGenerator il)
    {
        if (HoldsReference)
            il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Stloc, Local(il));
        if (IsAddressed)
            SaveLocal(il);
    }

    public void Save(ILGenerator il)
    {
        if (!IsAddressed)
            SaveLocal(il);
    }

    public void Restore(ILGenerator il)
    {
        if (IsAddressed)
            return;
        Fetch(il);
        il.Emit(OpCodes.Stloc, Local(il));
    }

    private void SaveLocal(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloc, Local(il));
        il.Emit(OpCodes.Stfld, Field);
    }

    private void Fetch(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, Field);
    }

    private LocalBuilder Local(ILGenerator il) => _local ??= il.DeclareLocal(Type);
}
