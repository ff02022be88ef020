using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace ILGPU.Kernels.Compiler;

/// <param name="Offset">Where the instruction stands in its method.</param>
/// <param name="Operand">A member, a constant, the number of a variable, or the offsets that a branch leads to.</param>
internal readonly record struct Instruction(int Offset, OpCode OpCode, object? Operand);

/// <summary>Reads the code of a method. Short forms of instructions come as the long ones.</summary>
internal static class MethodReader
{
    private static readonly Dictionary<short, OpCode> s_codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private static readonly Dictionary<string, OpCode> s_names = s_codes.Values.ToDictionary(code => code.Name!);

    public static List<Instruction> Read(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? throw new NotSupportedException($"'{method.Name}' has no code to compile.");
        var instructions = new List<Instruction>();
        for (var at = 0; at < code.Length;)
        {
            var offset = at;
            short value = code[at++];
            if (value == 0xFE)
                value = (short)(0xFE00 | code[at++]);
            var opCode = s_codes[value];
            var operand = ReadOperand(method, opCode, code, ref at);
            instructions.Add(Lengthen(offset, opCode, operand));
        }
        return instructions;
    }

    private static object? ReadOperand(MethodBase method, OpCode opCode, byte[] code, ref int at)
    {
        var rest = code.AsSpan(at);
        switch (opCode.OperandType)
        {
            case OperandType.InlineNone:
                return null;
            case OperandType.ShortInlineBrTarget:
                at += 1;
                return new[] { at + (sbyte)rest[0] };
            case OperandType.InlineBrTarget:
                at += 4;
                return new[] { at + BinaryPrimitives.ReadInt32LittleEndian(rest) };
            case OperandType.InlineSwitch:
                var targets = new int[BinaryPrimitives.ReadInt32LittleEndian(rest)];
                at += 4 + 4 * targets.Length;
                for (var i = 0; i < targets.Length; i++)
                    targets[i] = at + BinaryPrimitives.ReadInt32LittleEndian(rest[(4 + 4 * i)..]);
                return targets;
            case OperandType.ShortInlineI:
                at += 1;
                return opCode == OpCodes.Ldc_I4_S ? (int)(sbyte)rest[0] : rest[0];
            case OperandType.ShortInlineVar:
                at += 1;
                return (int)rest[0];
            case OperandType.InlineVar:
                at += 2;
                return (int)BinaryPrimitives.ReadUInt16LittleEndian(rest);
            case OperandType.InlineI:
                at += 4;
                return BinaryPrimitives.ReadInt32LittleEndian(rest);
            case OperandType.InlineI8:
                at += 8;
                return BinaryPrimitives.ReadInt64LittleEndian(rest);
            case OperandType.ShortInlineR:
                at += 4;
                return BinaryPrimitives.ReadSingleLittleEndian(rest);
            case OperandType.InlineR:
                at += 8;
                return BinaryPrimitives.ReadDoubleLittleEndian(rest);
            case OperandType.InlineString:
                at += 4;
                return method.Module.ResolveString(BinaryPrimitives.ReadInt32LittleEndian(rest));
            case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineType or OperandType.InlineTok:
                at += 4;
                return method.Module.ResolveMember(BinaryPrimitives.ReadInt32LittleEndian(rest), method.DeclaringType?.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null);
            default:
                throw new NotSupportedException($"'{method.Name}' has an instruction that kernels do not have: {opCode.Name}.");
        }
    }

    private static Instruction Lengthen(int offset, OpCode opCode, object? operand)
    {
        var parts = opCode.Name!.Split('.');
        if (parts[0] is "ldarg" or "ldarga" or "starg" or "ldloc" or "ldloca" or "stloc")
            return new(offset, s_names[parts[0]], operand ?? int.Parse(parts[1]));
        if (parts is ["ldc", "i4", var number])
            return new(offset, OpCodes.Ldc_I4, operand ?? (number is "m1" or "M1" ? -1 : int.Parse(number)));
        if (opCode.OperandType == OperandType.ShortInlineBrTarget)
            return new(offset, s_names[opCode.Name[..^2]], operand);
        return new(offset, opCode, operand);
    }
}
