using System.Reflection;
using Microsoft.ML.ConvNet.Gpu;

namespace Microsoft.ML.ConvNet.Tests.Gpu;

/// <summary>
/// ILGPU 1.5.3 takes two structures whose numbers are the same, one after the other, for one type, whatever structures the numbers are grouped in, and then
/// cuts a group out of the wrong one. That depends on which kernel is compiled first. Groups must therefore not overlap in part.
/// </summary>
public class StructureTests
{
    private static readonly Type[] _structures = [.. typeof(GpuBackend).Assembly.GetTypes().Where(t => t.IsValueType && !t.IsEnum && !t.ContainsGenericParameters && IsOfNumbers(t))];

    [Fact]
    public void Groups_of_structures_with_the_same_numbers_do_not_overlap()
    {
        var flat = _structures.Select(t => (Type: t, Flat: Flatten(t))).ToArray();
        Assert.Contains(flat, f => f.Flat.Groups.Count > 0);
        var overlaps =
            from first in flat
            from second in flat
            where first.Flat.Numbers == second.Flat.Numbers
            from a in first.Flat.Groups
            from b in second.Flat.Groups
            where a.Start < b.Start && b.Start < a.End && a.End < b.End
            select $"{first.Type.Name} and {second.Type.Name} ({first.Flat.Numbers})";
        Assert.Equal([], overlaps.Distinct());
    }

    private static bool IsOfNumbers(Type type)
        => type.IsPrimitive || (type.IsValueType && FieldsOf(type) is { Length: > 0 } fields && fields.All(f => IsOfNumbers(f.FieldType)));

    private static FieldInfo[] FieldsOf(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    /// <summary>The numbers of a structure, one letter each, and the places of the structures in it.</summary>
    private static (string Numbers, List<(int Start, int End)> Groups) Flatten(Type type)
    {
        var (numbers, groups) = ("", new List<(int Start, int End)>());
        foreach (var field in FieldsOf(type))
        {
            if (field.FieldType.IsPrimitive)
            {
                // Integers with and without a sign are one type.
                numbers += Type.GetTypeCode(field.FieldType) switch { TypeCode.UInt32 => 'i', TypeCode.Int32 => 'i', TypeCode.Single => 'f', var code => (char)('A' + code) };
                continue;
            }

            var (inner, innerGroups) = Flatten(field.FieldType);
            groups.Add((numbers.Length, numbers.Length + inner.Length));
            groups.AddRange(innerGroups.Select(g => (g.Start + numbers.Length, g.End + numbers.Length)));
            numbers += inner;
        }

        return (numbers, groups);
    }
}
