using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Kernels.Compiler;

/// <summary>The types of what lies on the stack between two instructions. Null is a type that could not be told.</summary>
internal sealed class EvaluationStack
{
    private readonly Stack<Type?> _types;

    public EvaluationStack() => _types = new();
    private EvaluationStack(IEnumerable<Type?> types) => _types = new(types);

    public int Depth => _types.Count;

    public EvaluationStack Copy() => new(_types.Reverse());

    public Type? Pop() => _types.Pop();

    public void Push(Type? type)
    {
        if (type is { IsEnum: true })
            type = type.GetEnumUnderlyingType();
        if (type == typeof(bool) || type == typeof(byte) || type == typeof(sbyte) || type == typeof(char) || type == typeof(short) || type == typeof(ushort))
            type = typeof(int);
        _types.Push(type is { IsByRef: true } or { IsPointer: true } ? typeof(nint) : type);
    }

    public void Call(MethodBase method, bool creates)
    {
        for (var i = method.GetParameters().Length + (method.IsStatic || creates ? 0 : 1); i > 0; i--)
            Pop();
        if (creates)
            Push(method.DeclaringType);
        else if (method is MethodInfo { ReturnType: var type } && type != typeof(void))
            Push(type);
    }

    /// <summary>What any other instruction does.</summary>
    public void Apply(Instruction instruction)
    {
        var opCode = instruction.OpCode;
        var pops = opCode.StackBehaviourPop == StackBehaviour.Pop0 ? 0 : opCode.StackBehaviourPop.ToString().Split('_').Length;
        Type? first = null;
        for (; pops > 0; pops--)
            first = Pop();
        switch (opCode.StackBehaviourPush)
        {
            case StackBehaviour.Push0:
                break;
            case StackBehaviour.Push1_push1:
                Push(first);
                Push(first);
                break;
            case StackBehaviour.Pushi:
                Push(IsAddress(opCode) ? typeof(nint) : typeof(int));
                break;
            case StackBehaviour.Pushi8:
                Push(typeof(long));
                break;
            case StackBehaviour.Pushr4:
                Push(typeof(float));
                break;
            case StackBehaviour.Pushr8:
                Push(typeof(double));
                break;
            case StackBehaviour.Push1:
                Push(instruction.Operand switch
                {
                    FieldInfo field => field.FieldType,
                    Type type => type,
                    _ => first,
                });
                break;
            default:
                Push(null);
                break;
        }
    }

    private static bool IsAddress(OpCode opCode) =>
        opCode == OpCodes.Ldflda || opCode == OpCodes.Ldsflda || opCode == OpCodes.Ldind_I || opCode == OpCodes.Conv_I || opCode == OpCodes.Conv_U
        || opCode == OpCodes.Localloc || opCode == OpCodes.Ldelema || opCode == OpCodes.Ldlen || opCode == OpCodes.Unbox || opCode == OpCodes.Ldftn;
}
