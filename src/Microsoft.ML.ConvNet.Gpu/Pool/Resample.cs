using ILGPU;
using ILGPU.Runtime;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// Resizing, adaptive averaging, beds of nails and their gradients: a linear map of each spatial axis. Idea: the sparse matrices of the axes lie in tables on
/// the device, and a thread makes one output from the taps of its row, column and layer. The tables live as long as the backend.
/// </summary>
public static class Resample
{
    private static readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<int>, ArrayView<float>, ResampleShape> _map = Map;

    internal static Kernel? Find(OpSignature signature, KernelCache kernels)
    {
        var (x, y) = (signature.Inputs[0].Shape, signature.Output.Shape);
        var maps = signature.Op switch
        {
            ResampleOp op => op.Maps(x, y),
            ResampleGradientOp op => op.Maps(x),
            _ => null,
        };
        if (maps == null)
            return null;

        // For each axis where the taps of each output begin, and their end; then the inputs of all taps.
        List<int> places = [];
        List<AxisTap> taps = [];
        foreach (var axis in maps)
        {
            for (var output = 0; output < axis.Outputs; output++)
            {
                places.Add(taps.Count);
                taps.AddRange(axis[output]);
            }

            places.Add(taps.Count);
        }

        var shape = new ResampleShape { D = x.D, H = x.H, W = x.W, OutD = y.D, OutH = y.H, OutW = y.W, Inputs = places.Count };
        var indices = kernels.Table([.. places, .. taps.Select(t => t.Input)]);
        var weights = kernels.Table([.. taps.Select(t => (float)t.Weight)]);
        var map = kernels.Each(_map);
        return kernels.Step("resampling", call => map(call.Count(), call.Input(0), call.Output(), indices, weights, shape));
    }

    /// <summary>One output: the weighted sum of its taps.</summary>
    public static void Map(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<int> indices, ArrayView<float> weights, ResampleShape shape)
    {
        var row = i / shape.OutW;
        var layer = row / shape.OutH;
        var plane = layer / shape.OutD;
        var (atD, atH, atW) = (layer - (plane * shape.OutD), shape.OutD + 1 + row - (layer * shape.OutH), shape.OutD + shape.OutH + 2 + i - (row * shape.OutW));
        var sum = 0f;
        for (var d = indices[atD]; d < indices[atD + 1]; d++)
        {
            var depth = (plane * shape.D) + indices[shape.Inputs + d];
            for (var h = indices[atH]; h < indices[atH + 1]; h++)
            {
                var start = ((depth * shape.H) + indices[shape.Inputs + h]) * shape.W;
                for (var w = indices[atW]; w < indices[atW + 1]; w++)
                    sum += weights[d] * weights[h] * weights[w] * x[start + indices[shape.Inputs + w]];
            }
        }

        y[i] = sum;
    }
}

/// <summary>The extents of a resampling.</summary>
public struct ResampleShape
{
    /// <summary>The extents of a plane of x.</summary>
    public int D, H, W;

    /// <summary>The extents of a plane of y.</summary>
    public Divisor OutD, OutH, OutW;

    /// <summary>Where the inputs of the taps begin in the table of indices.</summary>
    public int Inputs;
}
