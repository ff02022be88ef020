using System.Numerics;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>One term of an output along an axis: an input and its weight.</summary>
/// <param name="Input">The index of the input.</param>
/// <param name="Weight">What it is multiplied by.</param>
public readonly record struct AxisTap(int Input, double Weight);

/// <summary>
/// A linear map of one axis, as a sparse matrix: output o is the weighted sum of its taps. Maps of the spatial axes, one after the other,
/// make up resizing and averaging of images and volumes.
/// </summary>
public sealed class AxisMap
{
    private readonly AxisTap[][] _taps;

    /// <summary>A map from the taps of each output.</summary>
    public AxisMap(int inputs, int outputs, Func<int, IEnumerable<AxisTap>> taps)
    {
        Inputs = inputs;
        _taps = [.. Enumerable.Range(0, outputs).Select(o => taps(o).ToArray())];
    }

    /// <summary>The number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>The number of outputs.</summary>
    public int Outputs => _taps.Length;

    /// <summary>Whether each output is its input.</summary>
    public bool IsIdentity => Inputs == Outputs && _taps.Index().All(o => o.Item is [{ Weight: 1 } tap] && tap.Input == o.Index);

    /// <summary>The taps of one output, by rising input.</summary>
    public ReadOnlySpan<AxisTap> this[int output] => _taps[output];

    /// <summary>The map of gradients: inputs and outputs exchanged.</summary>
    public AxisMap Transpose()
    {
        var columns = Enumerable.Range(0, Inputs).Select(_ => new List<AxisTap>()).ToArray();
        foreach (var (output, taps) in _taps.Index())
        {
            foreach (var tap in taps)
                columns[tap.Input].Add(new AxisTap(output, tap.Weight));
        }

        return new AxisMap(Outputs, Inputs, input => columns[input]);
    }

    /// <summary>The maps of depth, height and width on each plane of <paramref name="x"/>, in plain loops.</summary>
    internal static void Apply<T>(IReadOnlyList<AxisMap> maps, ReadOnlySpan<T> x, Span<T> y) where T : INumberBase<T>
    {
        var (depth, height, width) = (maps[0], maps[1], maps[2]);
        var plane = depth.Outputs * height.Outputs * width.Outputs;
        for (var i = 0; i < y.Length; i++)
        {
            var (start, place) = (i / plane * depth.Inputs, i % plane);
            y[i] = T.Zero;
            foreach (var d in depth[place / width.Outputs / height.Outputs])
            {
                foreach (var h in height[place / width.Outputs % height.Outputs])
                {
                    foreach (var w in width[place % width.Outputs])
                        y[i] += T.CreateChecked(d.Weight * h.Weight * w.Weight) * x[((((start + d.Input) * height.Inputs) + h.Input) * width.Inputs) + w.Input];
                }
            }
        }
    }
}
