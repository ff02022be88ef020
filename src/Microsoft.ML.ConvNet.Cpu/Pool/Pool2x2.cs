using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Windows of 2×2, two apart, without padding. Idea: load two vectors of each of two rows and split them into even and
/// odd columns; then a window's four values stand in the same lane of four vectors. Layout: planes of H×W; a last odd row
/// or column is in no window. Lanes: windows of a row. Win: the gradient needs no scatter and no clearing.
/// </summary>
internal static unsafe class Pool2x2
{
    /// <summary>What becomes of a window's four values.</summary>
    public interface IWindowFunction
    {
        static abstract V Apply<S, V>(V topLeft, V topRight, V bottomLeft, V bottomRight)
            where S : struct, ISimd<V>
            where V : struct;
    }

    public static bool Supports(in PoolGeometry g) =>
        g.Depth is { Size: 1, Outputs: 1, Window.Size: 1 } && Supports(g.Height) && Supports(g.Width);

    private static bool Supports(in PoolAxis axis) =>
        axis.Window is { Size: 2, Stride: 2, Before: 0, Dilation: 1 } && axis.Outputs == axis.Size / 2;

    /// <summary>Columns 2x, 2x + 1 … of one row, split by parity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadPairs<S, V>(float* row, int floats, out V even, out V odd)
        where S : struct, ISimd<V>
        where V : struct
    {
        var low = floats >= S.Count ? S.Load(row) : S.LoadFirst(row, floats);
        var high = floats >= 2 * S.Count ? S.Load(row + S.Count) : S.LoadFirst(row + S.Count, Math.Max(0, floats - S.Count));
        even = S.Even(low, high);
        odd = S.Odd(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs<S, V>(float* row, int floats, V even, V odd)
        where S : struct, ISimd<V>
        where V : struct
    {
        var low = S.InterleaveFirst(even, odd);
        var high = S.InterleaveSecond(even, odd);
        if (floats >= 2 * S.Count)
        {
            S.Store(low, row);
            S.Store(high, row + S.Count);
        }
        else
        {
            S.StoreFirst(low, row, Math.Min(S.Count, floats));
            S.StoreFirst(high, row + S.Count, Math.Max(0, floats - S.Count));
        }
    }

    /// <summary>Gives the gradient <paramref name="d"/> of a window to the first of its largest values, and returns that value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Deal<S, V>(
        V d, V topLeft, V topRight, V bottomLeft, V bottomRight,
        out V toTopLeft, out V toTopRight, out V toBottomLeft, out V toBottomRight)
        where S : struct, ISimd<V>
        where V : struct
    {
        // In scan order: whoever wins takes the gradient from the winner before.
        var wins = MaxPool.Beats<S, V>(topRight, topLeft);
        var best = S.Select(wins, topRight, topLeft);
        toTopRight = S.Select(wins, d, default);
        toTopLeft = S.Select(wins, default, d);

        wins = MaxPool.Beats<S, V>(bottomLeft, best);
        best = S.Select(wins, bottomLeft, best);
        toBottomLeft = S.Select(wins, d, default);
        toTopRight = S.Select(wins, default, toTopRight);
        toTopLeft = S.Select(wins, default, toTopLeft);

        wins = MaxPool.Beats<S, V>(bottomRight, best);
        best = S.Select(wins, bottomRight, best);
        toBottomRight = S.Select(wins, d, default);
        toBottomLeft = S.Select(wins, default, toBottomLeft);
        toTopRight = S.Select(wins, default, toTopRight);
        toTopLeft = S.Select(wins, default, toTopLeft);
        return best;
    }

    /// <summary>The maximum; NaN where there is one.</summary>
    public readonly struct Maximum : IWindowFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<S, V>(V topLeft, V topRight, V bottomLeft, V bottomRight)
            where S : struct, ISimd<V>
            where V : struct
        {
            var best = S.Select(MaxPool.Beats<S, V>(topRight, topLeft), topRight, topLeft);
            best = S.Select(MaxPool.Beats<S, V>(bottomLeft, best), bottomLeft, best);
            return S.Select(MaxPool.Beats<S, V>(bottomRight, best), bottomRight, best);
        }
    }

    /// <summary>The mean.</summary>
    public readonly struct Mean : IWindowFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Apply<S, V>(V topLeft, V topRight, V bottomLeft, V bottomRight)
            where S : struct, ISimd<V>
            where V : struct =>
            S.Multiply(S.Add(S.Add(topLeft, topRight), S.Add(bottomLeft, bottomRight)), S.Create(0.25f));
    }

    public readonly struct ForwardBody<F>(float* x, PoolGeometry g, float* y) : IVectorPlaneBody
        where F : struct, IWindowFunction
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (width, outputs) = (g.Width.Size, g.Width.Outputs);
            var source = x + (plane * g.PlaneSize);
            var target = y + (plane * g.OutputSize);
            for (var row = 0; row < g.Height.Outputs; row++, source += 2 * width, target += outputs)
            {
                for (var i = 0; i < outputs; i += S.Count)
                {
                    LoadPairs<S, V>(source + (2 * i), 2 * (outputs - i), out var topLeft, out var topRight);
                    LoadPairs<S, V>(source + width + (2 * i), 2 * (outputs - i), out var bottomLeft, out var bottomRight);
                    var value = F.Apply<S, V>(topLeft, topRight, bottomLeft, bottomRight);
                    if (outputs - i >= S.Count)
                        S.Store(value, target + i);
                    else
                        S.StoreFirst(value, target + i, outputs - i);
                }
            }
        }
    }

    public readonly struct MaxBackwardBody(float* x, float* dY, PoolGeometry g, float* dX) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            ClearUncovered(dX + (plane * g.PlaneSize));
            var (width, outputs) = (g.Width.Size, g.Width.Outputs);
            var source = x + (plane * g.PlaneSize);
            var gradient = dY + (plane * g.OutputSize);
            var target = dX + (plane * g.PlaneSize);
            for (var row = 0; row < g.Height.Outputs; row++, source += 2 * width, target += 2 * width, gradient += outputs)
            {
                for (var i = 0; i < outputs; i += S.Count)
                {
                    var floats = 2 * (outputs - i);
                    LoadPairs<S, V>(source + (2 * i), floats, out var topLeft, out var topRight);
                    LoadPairs<S, V>(source + width + (2 * i), floats, out var bottomLeft, out var bottomRight);
                    var d = outputs - i >= S.Count ? S.Load(gradient + i) : S.LoadFirst(gradient + i, outputs - i);

                    Deal<S, V>(
                        d, topLeft, topRight, bottomLeft, bottomRight,
                        out var toTopLeft, out var toTopRight, out var toBottomLeft, out var toBottomRight);
                    StorePairs<S, V>(target + (2 * i), floats, toTopLeft, toTopRight);
                    StorePairs<S, V>(target + width + (2 * i), floats, toBottomLeft, toBottomRight);
                }
            }
        }

        private void ClearUncovered(float* plane)
        {
            if (g.Width.Size % 2 != 0)
            {
                for (var row = 0; row < g.Height.Size; row++)
                    plane[((nint)row * g.Width.Size) + g.Width.Size - 1] = 0f;
            }

            if (g.Height.Size % 2 != 0)
                new Span<float>(plane + ((nint)(g.Height.Size - 1) * g.Width.Size), g.Width.Size).Clear();
        }
    }
}
