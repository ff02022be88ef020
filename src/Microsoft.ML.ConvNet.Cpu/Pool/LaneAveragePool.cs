using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Average-pooling where lanes are channels or samples. Idea: a pixel is a vector; a window's sum is multiplied with the shares of its row and its column, and
/// the gradient adds the same share to every pixel of the window. Layout: planes of H×W×L. Lanes: as the layout has them.
/// </summary>
internal static unsafe class LaneAveragePool
{
    /// <summary>For each output row and column the share of one element: their product is one over the divisor.</summary>
    public static (float[] Rows, float[] Columns) Shares(AveragePoolOp op, PoolGeometry g) => (Shares(op, g.Height), Shares(op, g.Width));

    private static float[] Shares(AveragePoolOp op, PoolAxis axis)
        => [.. Enumerable.Range(0, axis.Outputs).Select(o => 1f / op.Divisor(axis.Window, o, axis.Size))];

    public readonly struct ForwardBody(float* x, PoolGeometry g, (float[] Rows, float[] Columns) shares, float* y) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (height, width) = (g.Height, g.Width);
            var source = x + (plane * g.PlaneSize * S.Count);
            var target = y + (plane * g.OutputSize * S.Count);
            for (var row = 0; row < height.Outputs; row++)
            {
                var (firstRow, endRow) = height.TapsInside(row);
                for (var column = 0; column < width.Outputs; column++, target += S.Count)
                {
                    var (first, end) = width.TapsInside(column);
                    V sum = default;
                    for (var i = firstRow; i < endRow; i++)
                    {
                        var taps = source + (height.Window.Input(row, i) * (nint)width.Size * S.Count);
                        for (var j = first; j < end; j++)
                            sum = S.Add(sum, S.Load(taps + ((nint)width.Window.Input(column, j) * S.Count)));
                    }

                    S.Store(S.Multiply(sum, S.Create(shares.Rows[row] * shares.Columns[column])), target);
                }
            }
        }
    }

    public readonly struct BackwardBody(float* dY, PoolGeometry g, (float[] Rows, float[] Columns) shares, float* dX) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (height, width) = (g.Height, g.Width);
            var gradient = dY + (plane * g.OutputSize * S.Count);
            var target = dX + (plane * g.PlaneSize * S.Count);
            new Span<float>(target, (int)g.PlaneSize * S.Count).Clear();
            for (var row = 0; row < height.Outputs; row++)
            {
                var (firstRow, endRow) = height.TapsInside(row);
                for (var column = 0; column < width.Outputs; column++, gradient += S.Count)
                {
                    var (first, end) = width.TapsInside(column);
                    var share = S.Multiply(S.Load(gradient), S.Create(shares.Rows[row] * shares.Columns[column]));
                    for (var i = firstRow; i < endRow; i++)
                    {
                        var taps = target + (height.Window.Input(row, i) * (nint)width.Size * S.Count);
                        for (var j = first; j < end; j++)
                        {
                            var tap = taps + ((nint)width.Window.Input(column, j) * S.Count);
                            S.Store(S.Add(S.Load(tap), share), tap);
                        }
                    }
                }
            }
        }
    }
}
