using System.Numerics;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// One axis of a convolution: target[q·TargetStep + TargetStart] = Σⱼ source[q·SourceStep + First + j·Spacing]·w[Taps[j]], for q below
/// Count. The forward pass is one such sum. The input gradient is one for each remainder of the stride, a phase: an input of that
/// remainder meets the same taps everywhere, so that every phase is a dense convolution of dY with some of the taps, the last first.
/// </summary>
internal sealed record TapAxis(int Count, int SourceStep, int TargetStep, int TargetStart, int First, int Spacing, int[] Taps)
{
    /// <summary>The last source element that is read.</summary>
    public int End => ((Count - 1) * SourceStep) + First + ((Taps.Length - 1) * Spacing);

    public static TapAxis[] Forward(WindowAxis window, int outputs)
        => [new(outputs, window.Stride, 1, 0, -window.Before, window.Dilation, [.. Enumerable.Range(0, window.Size)])];

    /// <summary>The phases; one may lack taps, then its inputs reach no output.</summary>
    public static TapAxis[] InputGradient(WindowAxis window, int inputs)
    {
        var spacing = window.Dilation / (int)BigInteger.GreatestCommonDivisor(window.Stride, window.Dilation);
        return [.. Enumerable.Range(0, Math.Min(window.Stride, inputs)).Select(Phase)];

        TapAxis Phase(int start)
        {
            int[] taps = [.. Enumerable.Range(0, window.Size).Reverse().Where(t => Distance(t) % window.Stride == 0)];
            var first = taps.Length == 0 ? 0 : Distance(taps[0]) / window.Stride;
            return new((inputs - start + window.Stride - 1) / window.Stride, 1, window.Stride, start, first, spacing, taps);

            int Distance(int tap) => start + window.Before - (tap * window.Dilation);
        }
    }
}
