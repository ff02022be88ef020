using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Max-pooling with windows of any kind, a row of outputs at a time. Idea: the input rows under a row of windows are copied between margins of
/// −∞, which never win, so that every window is whole and no load is partial; forward, the copy is the maximum over the rows, so that k×k
/// taps cost k + k. Where the maximum was is sought in scan order, since ties go to the first, with the winners so far in registers.
/// Layout: planes of D×H×W. Lanes: outputs of a row; strides of one and two are loaded by vectors, wider ones by element.
/// Win: 3×3 windows of stride 2 on 64×112×112, one thread, forward in 0.12 ms, the gradient in 0.50.
/// </summary>
internal static unsafe class MaxPoolRows
{
    // What an offset says before any element has won: windows of −∞ alone are left to the first element.
    private const int NoWinner = int.MinValue;

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

    /// <summary>The floats of a row between margins, with room for whole vectors at its end.</summary>
    private static int LineLength(in PoolGeometry g)
    {
        var windows = GemmBlocking.DivideRoundingUp(g.Width.Outputs, 16) * 16;
        return Math.Max(g.Width.Window.Before + g.Width.Size, (windows * g.Width.Window.Stride) + g.Width.Window.Extent) + 32;
    }

    /// <summary>dX += dY at the winners.</summary>
    public readonly struct Scatter(float* dY, float* dX, PoolGeometry g) : IWinners
    {
        public void Start(nint plane) => new Span<float>(dX + (plane * g.PlaneSize), (int)g.PlaneSize).Clear();

        [MethodImpl(Hot.Loop)]
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

        [MethodImpl(Hot.Loop)]
        public void Row(nint plane, nint output, nint corner, int* offsets)
        {
            var target = y + (plane * g.OutputSize) + output;
            var (outputs, stride) = (g.Width.Outputs, g.Width.Window.Stride);
            for (var i = 0; i < outputs; i++, corner += stride)
                target[i] = corner + offsets[i];
        }
    }

    /// <summary>The input rows under one row of windows: the taps along depth and height that fall inside.</summary>
    private readonly struct Rows
    {
        private readonly int _startD;
        private readonly int _startH;
        private readonly int _firstD;
        private readonly int _endD;
        private readonly int _firstH;
        private readonly int _endH;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Rows(in PoolGeometry g, int d, int h)
        {
            (_startD, _startH) = (g.Depth.Start(d), g.Height.Start(h));
            (_firstD, _endD) = g.Depth.TapsInside(d);
            (_firstH, _endH) = g.Height.TapsInside(h);
        }

        public int Count => (_endD - _firstD) * (_endH - _firstH);

        /// <summary>The index in the plane of the first tap of the first window, which may lie outside.</summary>
        public nint Corner(in PoolGeometry g) => ((((nint)_startD * g.Height.Size) + _startH) * g.Width.Size) - g.Width.Window.Before;

        /// <summary>For each row its distance from the one of the windows' corners, in elements.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Offsets(in PoolGeometry g, int* offsets)
        {
            for (var d = _firstD; d < _endD; d++)
            {
                for (var h = _firstH; h < _endH; h++)
                    *offsets++ = ((d * g.Depth.Window.Dilation * g.Height.Size) + (h * g.Height.Window.Dilation)) * g.Width.Size;
            }
        }
    }

    /// <summary>y = the maximum of every window.</summary>
    public readonly struct ForwardBody(float* x, PoolGeometry g, float* y) : IVectorPlaneBody
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var source = x + (plane * g.PlaneSize);
            var target = y + (plane * g.OutputSize);
            var length = LineLength(g);
            var line = Scratch.Get(ScratchUse.Pool, length + (g.Depth.Window.Size * g.Height.Window.Size));
            var offsets = (int*)(line + length);
            new Span<float>(line, length).Fill(float.NegativeInfinity);
            for (var d = 0; d < g.Depth.Outputs; d++)
            {
                for (var h = 0; h < g.Height.Outputs; h++, target += g.Width.Outputs)
                {
                    var rows = new Rows(g, d, h);
                    rows.Offsets(g, offsets);
                    Highest<S, V>(source + rows.Corner(g) + g.Width.Window.Before, offsets, rows.Count, g.Width.Size, line + g.Width.Window.Before);
                    var (axis, outputs) = (g.Width.Window, g.Width.Outputs);
                    if (axis.Stride == 1)
                        Widest<S, V, StridedLoad.One>(line, axis.Stride, axis.Size, axis.Dilation, target, outputs);
                    else if (axis.Stride == 2)
                        Widest<S, V, StridedLoad.Two>(line, axis.Stride, axis.Size, axis.Dilation, target, outputs);
                    else
                        Widest<S, V, StridedLoad.Any>(line, axis.Stride, axis.Size, axis.Dilation, target, outputs);
                }
            }
        }

        /// <summary>The maximum over rows.</summary>
        [MethodImpl(Hot.Loop)]
        private static void Highest<S, V>(float* corner, int* offsets, int rows, int width, float* line)
            where S : struct, ISimd<V>
            where V : struct
        {
            var i = 0;
            for (; i <= width - S.Count; i += S.Count)
            {
                var best = S.Load(corner + offsets[0] + i);
                for (var row = 1; row < rows; row++)
                {
                    var value = S.Load(corner + offsets[row] + i);
                    best = S.Select(MaxPool.Beats<S, V>(value, best), value, best);
                }

                S.Store(best, line + i);
            }

            if (i < width)
            {
                var best = S.LoadFirst(corner + offsets[0] + i, width - i);
                for (var row = 1; row < rows; row++)
                {
                    var value = S.LoadFirst(corner + offsets[row] + i, width - i);
                    best = S.Select(MaxPool.Beats<S, V>(value, best), value, best);
                }

                S.StoreFirst(best, line + i, width - i);
            }
        }

        /// <summary>The maximum over the taps of a line.</summary>
        [MethodImpl(Hot.Loop)]
        private static void Widest<S, V, L>(float* line, int stride, int taps, int dilation, float* target, int outputs)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, StridedLoad.ILoad
        {
            for (var i = 0; i < outputs; i += S.Count)
            {
                var tap = line + ((nint)i * stride);
                var best = L.Load<S, V>(tap, stride);
                for (var k = 1; k < taps; k++)
                {
                    tap += dilation;
                    var value = L.Load<S, V>(tap, stride);
                    best = S.Select(MaxPool.Beats<S, V>(value, best), value, best);
                }

                if (outputs - i >= S.Count)
                    S.Store(best, target + i);
                else
                    S.StoreFirst(best, target + i, outputs - i);
            }
        }
    }

    /// <summary>Finds the winners of every row of windows and hands them on.</summary>
    public readonly struct WinnersBody<W>(float* x, PoolGeometry g, W winners) : IVectorPlaneBody
        where W : struct, IWinners
    {
        [MethodImpl(Hot.Loop)]
        public void Run<S, V>(nint plane)
            where S : struct, ISimd<V>
            where V : struct
        {
            var source = x + (plane * g.PlaneSize);
            var length = LineLength(g);
            var most = g.Depth.Window.Size * g.Height.Window.Size;
            var lines = Scratch.Get(ScratchUse.Pool, ((nint)most * (length + 1)) + g.Width.Outputs);
            var rowOffsets = (int*)(lines + ((nint)most * length));
            var offsets = rowOffsets + most;
            new Span<float>(lines, most * length).Fill(float.NegativeInfinity);
            winners.Start(plane);
            nint output = 0;
            for (var d = 0; d < g.Depth.Outputs; d++)
            {
                for (var h = 0; h < g.Height.Outputs; h++, output += g.Width.Outputs)
                {
                    var rows = new Rows(g, d, h);
                    rows.Offsets(g, rowOffsets);
                    var corner = rows.Corner(g);
                    for (var row = 0; row < rows.Count; row++)
                    {
                        var from = source + corner + g.Width.Window.Before + rowOffsets[row];
                        new ReadOnlySpan<float>(from, g.Width.Size).CopyTo(new Span<float>(lines + ((nint)row * length) + g.Width.Window.Before, g.Width.Size));
                    }

                    var (axis, outputs) = (g.Width.Window, g.Width.Outputs);
                    if (axis.Stride == 1)
                        Winners<S, V, StridedLoad.One>(lines, length, rowOffsets, rows.Count, axis.Stride, axis.Size, axis.Dilation, offsets, outputs);
                    else if (axis.Stride == 2)
                        Winners<S, V, StridedLoad.Two>(lines, length, rowOffsets, rows.Count, axis.Stride, axis.Size, axis.Dilation, offsets, outputs);
                    else
                        Winners<S, V, StridedLoad.Any>(lines, length, rowOffsets, rows.Count, axis.Stride, axis.Size, axis.Dilation, offsets, outputs);
                    if (new ReadOnlySpan<int>(offsets, outputs).Contains(NoWinner))
                        GiveToTheFirst(rowOffsets[0], offsets);
                    winners.Row(plane, output, corner, offsets);
                }
            }
        }

        private void GiveToTheFirst(int rowOffset, int* offsets)
        {
            for (var i = 0; i < g.Width.Outputs; i++)
            {
                if (offsets[i] == NoWinner)
                    offsets[i] = rowOffset + (g.Width.TapsInside(i).First * g.Width.Window.Dilation);
            }
        }

        /// <summary>The offsets travel through the lanes as bits of floats: a select does not look at them.</summary>
        [MethodImpl(Hot.Loop)]
        private static void Winners<S, V, L>(
            float* lines, int length, int* rowOffsets, int rows, int stride, int taps, int dilation, int* offsets, int outputs)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, StridedLoad.ILoad
        {
            for (var i = 0; i < outputs; i += S.Count)
            {
                var best = S.Create(float.NegativeInfinity);
                var winner = S.Create(BitConverter.Int32BitsToSingle(NoWinner));
                for (var row = 0; row < rows; row++)
                {
                    var tap = lines + ((nint)row * length) + ((nint)i * stride);
                    var offset = rowOffsets[row];
                    for (var k = 0; k < taps; k++, tap += dilation, offset += dilation)
                    {
                        var value = L.Load<S, V>(tap, stride);
                        var wins = MaxPool.Beats<S, V>(value, best);
                        best = S.Select(wins, value, best);
                        winner = S.Select(wins, S.Create(BitConverter.Int32BitsToSingle(offset)), winner);
                    }
                }

                if (outputs - i >= S.Count)
                    S.Store(winner, (float*)offsets + i);
                else
                    S.StoreFirst(winner, (float*)offsets + i, outputs - i);
            }
        }
    }
}
