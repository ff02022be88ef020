using System.Globalization;
using System.Numerics;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// A positive number that kernels divide by, which on a GPU takes some twenty instructions. Prepared like this it takes a multiplication and a shift, and is
/// exact for all that is not negative (Granlund and Montgomery 1994, Division by invariant integers using multiplication). It also stands for the number.
/// </summary>
public record struct Divisor
{
    /// <summary>The number.</summary>
    public int Value;

    /// <summary>A bit more than 2^<see cref="Shift"/> / <see cref="Value"/>.</summary>
    public uint Multiplier;

    /// <summary>How far a product with the multiplier is shifted.</summary>
    public int Shift;

    /// <summary>The number.</summary>
    public override readonly string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number.</summary>
    public static implicit operator int(Divisor divisor) => divisor.Value;

    /// <summary>Prepares a number; on the host.</summary>
    public static implicit operator Divisor(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        var shift = 63 - BitOperations.LeadingZeroCount((uint)value - 1);
        return new Divisor { Value = value, Shift = shift, Multiplier = (uint)(((1UL << shift) / (uint)value) + 1) };
    }

    /// <summary>The quotient of a number that is not negative.</summary>
    public static int operator /(int dividend, Divisor divisor) => (int)(((ulong)(uint)dividend * divisor.Multiplier) >> divisor.Shift);

    /// <summary>The rest of a number that is not negative.</summary>
    public static int operator %(int dividend, Divisor divisor) => dividend - (dividend / divisor * divisor.Value);
}
