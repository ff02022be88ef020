using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Max-pooling where lanes are channels or samples, by the rules of <see cref="MaxPool"/>. Idea: a pixel is a vector, so no window needs a shuffle
/// or leaves a remainder. The gradient looks for the winner again, as the number of its tap, and adds to the pixels of the window; where
/// 2×2 windows do not overlap it writes each pixel once. A fused ReLU before the pooling is known from the winner. Layout: planes of H×W×L. Lanes: as the layout has them.
/// </summary>
internal static unsafe class LaneMaxPool
{
    /// <summary>Whether windows are 2×2, two apart, without padding.</summary>
    public static bool Is2x2(in PoolGeometry g) => Is2(g.Height) && Is2(g.Width);

    private static bool Is2(PoolAxis axis)
        => axis.Window is { Size: 2, Stride: 2, Before: 0, Dilation: 1 } && axis.Outputs * 2 <= axis.Size;

    public readonly struct ForwardBody(float* x, PoolGeometry g, float* y) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (height, width) = (g.Height, g.Width);
            var source = x + (plane * g.PlaneSize * S.Count);
            var target = y + (plane * g.OutputSize * S.Count);
            var (down, across) = ((nint)height.Window.Dilation * width.Size * S.Count, (nint)width.Window.Dilation * S.Count);
            for (var row = 0; row < height.Outputs; row++)
            {
                var (firstRow, endRow) = height.TapsInside(row);
                var rows = source + ((height.Start(row) + ((nint)firstRow * height.Window.Dilation)) * width.Size * S.Count);
                for (var column = 0; column < width.Outputs; column++, target += S.Count)
                {
                    var (first, end) = width.TapsInside(column);
                    var window = rows + ((width.Start(column) + ((nint)first * width.Window.Dilation)) * S.Count);
                    var best = S.Load(window);
                    for (var i = firstRow; i < endRow; i++, window += down)
                    {
                        var tap = window;
                        for (var j = first; j < end; j++, tap += across)
                        {
                            var value = S.Load(tap);
                            best = S.Select(MaxPool.Beats<S, V>(value, best), value, best);
                        }
                    }

                    S.Store(best, target);
                }
            }
        }
    }

    public readonly struct Forward2x2Body(float* x, PoolGeometry g, float* y) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var pitch = (nint)g.Width.Size * S.Count;
            var rows = x + (plane * g.Height.Size * pitch);
            var target = y + (plane * g.OutputSize * S.Count);
            for (var row = 0; row < g.Height.Outputs; row++, rows += 2 * pitch)
            {
                var top = rows;
                for (var column = 0; column < g.Width.Outputs; column++, top += 2 * S.Count, target += S.Count)
                {
                    S.Store(
                        Pool2x2.Maximum.Apply<S, V>(S.Load(top), S.Load(top + S.Count), S.Load(top + pitch), S.Load(top + pitch + S.Count)),
                        target);
                }
            }
        }
    }

    public readonly struct BackwardBody(float* x, float* dY, PoolGeometry g, bool relu, float* dX) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (height, width) = (g.Height, g.Width);
            var source = x + (plane * g.PlaneSize * S.Count);
            var gradient = dY + (plane * g.OutputSize * S.Count);
            var distance = dX - x;
            new Span<float>(source + distance, (int)g.PlaneSize * S.Count).Clear();
            var (down, across) = ((nint)height.Window.Dilation * width.Size * S.Count, (nint)width.Window.Dilation * S.Count);
            for (var row = 0; row < height.Outputs; row++)
            {
                var (firstRow, endRow) = height.TapsInside(row);
                var rows = source + ((height.Start(row) + ((nint)firstRow * height.Window.Dilation)) * width.Size * S.Count);
                for (var column = 0; column < width.Outputs; column++, gradient += S.Count)
                {
                    var (first, end) = width.TapsInside(column);
                    var window = rows + ((width.Start(column) + ((nint)first * width.Window.Dilation)) * S.Count);
                    var best = S.Load(window);
                    var winner = S.Create(0f);
                    var number = 0f;
                    var corner = window;
                    for (var i = firstRow; i < endRow; i++, corner += down)
                    {
                        var tap = corner;
                        for (var j = first; j < end; j++, tap += across, number++)
                        {
                            var value = S.Load(tap);
                            var wins = MaxPool.Beats<S, V>(value, best);
                            best = S.Select(wins, value, best);
                            winner = S.Select(wins, S.Create(number), winner);
                        }
                    }

                    var d = S.Load(gradient);
                    if (relu)
                        d = S.Select(S.GreaterThan(best, default), d, default);
                    number = 0f;
                    for (var i = firstRow; i < endRow; i++, window += down)
                    {
                        var tap = window + distance;
                        for (var j = first; j < end; j++, tap += across, number++)
                        {
                            var loses = S.Or(S.GreaterThan(winner, S.Create(number)), S.GreaterThan(S.Create(number), winner));
                            S.Store(S.Add(S.Load(tap), S.Select(loses, default, d)), tap);
                        }
                    }
                }
            }
        }
    }

    public readonly struct Backward2x2Body(float* x, float* dY, PoolGeometry g, bool relu, float* dX) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (height, width) = (g.Height.Size, g.Width.Size);
            var pitch = (nint)width * S.Count;
            var top = x + (plane * height * pitch);
            var gradient = dY + (plane * g.OutputSize * S.Count);
            var distance = dX - x;
            for (var row = 0; row < g.Height.Outputs; row++, top += pitch)
            {
                for (var column = 0; column < g.Width.Outputs; column++, top += 2 * S.Count, gradient += S.Count)
                {
                    var target = top + distance;
                    var best = Pool2x2.Deal<S, V>(
                        S.Load(gradient), S.Load(top), S.Load(top + S.Count), S.Load(top + pitch), S.Load(top + pitch + S.Count),
                        out var toTopLeft, out var toTopRight, out var toBottomLeft, out var toBottomRight);
                    if (relu)
                    {
                        var passes = S.GreaterThan(best, default);
                        toTopLeft = S.Select(passes, toTopLeft, default);
                        toTopRight = S.Select(passes, toTopRight, default);
                        toBottomLeft = S.Select(passes, toBottomLeft, default);
                        toBottomRight = S.Select(passes, toBottomRight, default);
                    }

                    S.Store(toTopLeft, target);
                    S.Store(toTopRight, target + S.Count);
                    S.Store(toBottomLeft, target + pitch);
                    S.Store(toBottomRight, target + pitch + S.Count);
                }

                // A last odd column is in no window.
                if (width % 2 != 0)
                {
                    S.Store(default, top + distance);
                    S.Store(default, top + distance + pitch);
                    top += S.Count;
                }
            }

            if (height % 2 != 0)
                new Span<float>(top + distance, (int)pitch).Clear();
        }
    }
}
