using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Max-pooling with windows of any kind, a row of outputs at a time. Idea: the windows that lie on the row as a whole are a range; a vector of
/// them keeps its maxima (and where they were) in registers while it walks over all taps. The few at the borders go one by one. Layout:
/// planes of D×H×W. Lanes: outputs of a row; strides of one and two are loaded by vectors, wider ones by element.
/// </summary>
internal static unsafe class MaxPoolRows
{
    /// <summary>What is done with the winners of a row of windows.</summary>
    public interface IWinners
    {
        /// <summary>Before the first row of a plane.</summary>
        void Start(nint plane);

        /// <summary>
        /// Window i of the row that starts at output <paramref name="output"/> of the plane has its winner at corner + i·stride + offsets[i].
        /// </summary>
        void Row(nint plane, nint output, nint corner, int* offsets);
    }

    /// <summary>dX += dY at the winners.</summary>
    public readonly struct Scatter(float* dY, float* dX, PoolGeometry g) : IWinners
    {
        public void Start(nint plane) => new Span<float>(dX + (plane * g.PlaneSize), (int)g.PlaneSize).Clear();

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Row(nint plane, nint output, nint corner, int* offsets)
        {
            var gradient = dY + (plane * g.OutputSize) + output;
            var target = dX + (plane * g.PlaneSize) + corner;
            var (outputs, stride) = (g.Width.Outputs, g.Width.Window.Stride);
            for (var i = 0; i < outputs; i++, target += stride)
                target[offsets[i]] += gradient[i];
        }
    }

    /// <summary>The winners' indices themselves.</summary>
    public readonly struct Indices(float* y, PoolGeometry g) : IWinners
    {
        public void Start(nint plane)
        {
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Row(nint plane, nint output, nint corner, int* offsets)
        {
            var target = y + (plane * g.OutputSize) + output;
            var stride = g.Width.Window.Stride;
            for (var i = 0; i < g.Width.Outputs; i++)
                target[i] = corner + ((nint)i * stride) + offsets[i];
        }
    }

    /// <summary>The rows under one row of windows: its taps along depth and height that fall inside, as pointers.</summary>
    private readonly ref struct Taps
    {
        private readonly float* _plane;
        private readonly PoolGeometry _g;

        public Taps(float* plane, in PoolGeometry g, int d, int h)
        {
            _plane = plane;
            _g = g;
            (StartD, StartH) = (g.Depth.Start(d), g.Height.Start(h));
            (FirstD, EndD) = g.Depth.TapsInside(d);
            (FirstH, EndH) = g.Height.TapsInside(h);
        }

        public int StartD { get; }

        public int StartH { get; }

        public int FirstD { get; }

        public int EndD { get; }

        public int FirstH { get; }

        public int EndH { get; }

        /// <summary>The row of one tap.</summary>
        public float* Row(int kd, int kh)
            => _plane + ((((nint)(StartD + (kd * _g.Depth.Window.Dilation)) * _g.Height.Size) + StartH + (kh * _g.Height.Window.Dilation)) * _g.Width.Size);

        /// <summary>The distance of one tap from the window's corner.</summary>
        public int Offset(int kd, int kh, int kw)
            => (((kd * _g.Depth.Window.Dilation * _g.Height.Size) + (kh * _g.Height.Window.Dilation)) * _g.Width.Size) + (kw * _g.Width.Window.Dilation);

        /// <summary>The largest element of one window, and its distance from the window's corner.</summary>
        public float Largest(int output, out int offset)
        {
            var (firstW, endW) = _g.Width.TapsInside(output);
            var (start, dilation) = (_g.Width.Start(output), _g.Width.Window.Dilation);
            var best = float.NegativeInfinity;
            offset = Offset(FirstD, FirstH, firstW);
            for (var kd = FirstD; kd < EndD; kd++)
            {
                for (var kh = FirstH; kh < EndH; kh++)
                {
                    var row = Row(kd, kh) + start;
                    for (var kw = firstW; kw < endW; kw++)
                    {
                        if (MaxPool.Beats(row[kw * dilation], best))
                            (best, offset) = (row[kw * dilation], Offset(kd, kh, kw));
                    }
                }
            }

            return best;
        }
    }

    /// <summary>y = the maximum of every window.</summary>
    public readonly struct ForwardBody(float* x, PoolGeometry g, float* y) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var target = y + (plane * g.OutputSize);
            for (var d = 0; d < g.Depth.Outputs; d++)
            {
                for (var h = 0; h < g.Height.Outputs; h++, target += g.Width.Outputs)
                {
                    var taps = new Taps(x + (plane * g.PlaneSize), g, d, h);
                    if (Vector512.IsHardwareAccelerated)
                        Row<Simd512, Vector512<float>>(taps, target);
                    else if (Vector256.IsHardwareAccelerated)
                        Row<Simd256, Vector256<float>>(taps, target);
                    else
                        Row<Simd128, Vector128<float>>(taps, target);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Row<S, V>(in Taps taps, float* target)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (first, end) = g.Width.WholeWindows();
            for (var i = 0; i < first; i++)
                target[i] = taps.Largest(i, out _);
            var (stride, dilation, size) = (g.Width.Window.Stride, g.Width.Window.Dilation, g.Width.Window.Size);
            for (var i = first; i < end; i += S.Count)
            {
                var room = end - i;
                var best = S.Create(float.NegativeInfinity);
                for (var kd = taps.FirstD; kd < taps.EndD; kd++)
                {
                    for (var kh = taps.FirstH; kh < taps.EndH; kh++)
                    {
                        var row = taps.Row(kd, kh) + g.Width.Start(i);
                        for (var kw = 0; kw < size; kw++, row += dilation)
                        {
                            var value = StridedLoad.Load<S, V>(row, stride, room);
                            best = S.Select(MaxPool.Beats<S, V>(value, best), value, best);
                        }
                    }
                }

                if (room >= S.Count)
                    S.Store(best, target + i);
                else
                    S.StoreFirst(best, target + i, room);
            }

            for (var i = end; i < g.Width.Outputs; i++)
                target[i] = taps.Largest(i, out _);
        }
    }

    /// <summary>Finds the winners of every row of windows, in scan order since ties go to the first, and hands them on.</summary>
    public readonly struct WinnersBody<W>(float* x, PoolGeometry g, W winners) : IPlaneBody
        where W : struct, IWinners
    {
        public void Run(nint plane)
        {
            winners.Start(plane);
            var offsets = (int*)Scratch.Get(ScratchUse.Pool, g.Width.Outputs);
            nint output = 0;
            for (var d = 0; d < g.Depth.Outputs; d++)
            {
                for (var h = 0; h < g.Height.Outputs; h++, output += g.Width.Outputs)
                {
                    var taps = new Taps(x + (plane * g.PlaneSize), g, d, h);
                    if (Vector512.IsHardwareAccelerated)
                        Row<Simd512, Vector512<float>>(taps, offsets);
                    else if (Vector256.IsHardwareAccelerated)
                        Row<Simd256, Vector256<float>>(taps, offsets);
                    else
                        Row<Simd128, Vector128<float>>(taps, offsets);
                    winners.Row(plane, output, ((((nint)taps.StartD * g.Height.Size) + taps.StartH) * g.Width.Size) - g.Width.Window.Before, offsets);
                }
            }
        }

        /// <summary>The offsets travel through the lanes as bits of floats: a select does not look at them.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Row<S, V>(in Taps taps, int* offsets)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (first, end) = g.Width.WholeWindows();
            for (var i = 0; i < first; i++)
                taps.Largest(i, out offsets[i]);
            var (stride, dilation, size) = (g.Width.Window.Stride, g.Width.Window.Dilation, g.Width.Window.Size);
            for (var i = first; i < end; i += S.Count)
            {
                var room = end - i;
                var best = S.Create(float.NegativeInfinity);
                var winner = S.Create(BitConverter.Int32BitsToSingle(taps.Offset(taps.FirstD, taps.FirstH, 0)));
                for (var kd = taps.FirstD; kd < taps.EndD; kd++)
                {
                    for (var kh = taps.FirstH; kh < taps.EndH; kh++)
                    {
                        var row = taps.Row(kd, kh) + g.Width.Start(i);
                        var offset = taps.Offset(kd, kh, 0);
                        for (var kw = 0; kw < size; kw++, row += dilation, offset += dilation)
                        {
                            var value = StridedLoad.Load<S, V>(row, stride, room);
                            var wins = MaxPool.Beats<S, V>(value, best);
                            best = S.Select(wins, value, best);
                            winner = S.Select(wins, S.Create(BitConverter.Int32BitsToSingle(offset)), winner);
                        }
                    }
                }

                if (room >= S.Count)
                    S.Store(winner, (float*)offsets + i);
                else
                    S.StoreFirst(winner, (float*)offsets + i, room);
            }

            for (var i = end; i < g.Width.Outputs; i++)
                taps.Largest(i, out offsets[i]);
        }
    }
}
