namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How a plane of x lies in scratch memory, and where each tap finds its elements.</summary>
internal sealed unsafe class StagedInput
{
    public StagedInput(WindowGeometry g)
    {
        Geometry = g;
        Rows = ((g.OutputHeight - 1) * g.StrideY) + ((g.KernelHeight - 1) * g.DilationY) + 1;
        PhaseWidth = ((g.KernelWidth - 1) * g.DilationX / g.StrideX) + PlaneTaps.RoundUp(g.OutputWidth);
        RowPitch = (nint)g.StrideX * PhaseWidth;
        Offsets = new nint[g.KernelSize];
        for (var tap = 0; tap < Offsets.Length; tap++)
        {
            var (y, x) = (tap / g.KernelWidth * g.DilationY, tap % g.KernelWidth * g.DilationX);
            Offsets[tap] = (y * RowPitch) + (x % g.StrideX * PhaseWidth) + (x / g.StrideX);
        }
    }

    public WindowGeometry Geometry { get; }

    public int Rows { get; }

    public int PhaseWidth { get; }

    public nint RowPitch { get; }

    public nint[] Offsets { get; }

    /// <summary>The floats of a staged plane, and a vector more for what follows its last row.</summary>
    public nint Length => (Rows * RowPitch) + PlaneTaps.Lanes;

    /// <summary>The distance between the elements of two rows of outputs.</summary>
    public nint Step => Geometry.StrideY * RowPitch;

    public void Stage(float* plane, float* staged)
    {
        var g = Geometry;
        new Span<float>(staged, (int)Length).Clear();
        var first = Math.Min(Rows, g.PaddingTop);
        var end = Math.Min(Rows, g.PaddingTop + g.Height);
        if (g.StrideX == 1)
        {
            PlaneTaps.CopyRows(
                plane, g.Width, end - first, Math.Min(g.Width, PhaseWidth - g.PaddingLeft), staged + (first * RowPitch) + g.PaddingLeft, RowPitch);
            return;
        }

        for (var row = first; row < end; row++)
        {
            var source = plane + ((nint)(row - g.PaddingTop) * g.Width) - g.PaddingLeft;
            var target = staged + (row * RowPitch);
            if (g.StrideX == 2)
            {
                StagePairs(source, target);
                continue;
            }

            for (var phase = 0; phase < g.StrideX; phase++)
            {
                var (from, to) = WindowGeometry.OutputsInside(phase - g.PaddingLeft, g.Width, g.StrideX, PhaseWidth);
                PlaneTaps.CopyStrided(source + phase + ((nint)from * g.StrideX), g.StrideX, target + ((nint)phase * PhaseWidth) + from, to - from);
            }
        }
    }

    /// <summary>A row whose even columns lie before its odd ones.</summary>
    private void StagePairs(float* source, float* target)
    {
        var g = Geometry;
        var end = Math.Min(g.PaddingLeft + g.Width, 2 * PhaseWidth);
        var first = GemmBlocking.DivideRoundingUp(g.PaddingLeft, 2);
        var pairs = Math.Max(0, (end / 2) - first);
        if (g.PaddingLeft % 2 == 1 && g.PaddingLeft < end)
            target[PhaseWidth + first - 1] = source[g.PaddingLeft];
        PlaneTaps.Deinterleave(source + (2 * first), target + first, target + PhaseWidth + first, pairs);
        if (end % 2 == 1 && end / 2 >= first)
            target[end / 2] = source[end - 1];
    }
}

/// <summary>
/// The input gradient, one remainder of the stride at a time. With i + padding = q·stride + r, the outputs that see element i
/// are q − a for the taps t with t·dilation = a·stride + r.
/// </summary>
internal sealed class InputPhases
{
    public InputPhases(WindowGeometry g, int multiplier)
    {
        (Geometry, Multiplier) = (g, multiplier);
        Top = (g.KernelHeight - 1) * g.DilationY / g.StrideY;
        Left = (g.KernelWidth - 1) * g.DilationX / g.StrideX;
        Rows = Top + ((g.Height - 1 + g.PaddingTop) / g.StrideY) + 1;
        Pitch = Left + ((g.Width - 1 + g.PaddingLeft) / g.StrideX) + 1 + PlaneTaps.Lanes;
        Phases = [.. Enumerable.Range(0, g.StrideY).Select(y => Enumerable.Range(0, g.StrideX).Select(x => Make(y, x)).ToArray())];
    }

    public WindowGeometry Geometry { get; }

    public int Multiplier { get; }

    /// <summary>Zeros above and left of a plane of dy.</summary>
    public int Top { get; }

    public int Left { get; }

    public int Rows { get; }

    public int Pitch { get; }

    /// <summary>For each remainder of the height those of the width.</summary>
    public Phase[][] Phases { get; }

    /// <summary>Whether there is but one remainder: the outputs are dx itself.</summary>
    public bool IsDense => Geometry.StrideY == 1 && Geometry.StrideX == 1;

    /// <summary>Room for the outputs of one remainder.</summary>
    public nint PhaseLength
        => (nint)GemmBlocking.DivideRoundingUp(Geometry.Height, Geometry.StrideY) * GemmBlocking.DivideRoundingUp(Geometry.Width, Geometry.StrideX);

    public nint PlaneLength => (nint)Rows * Pitch;

    /// <summary>The elements i ≡ First (mod stride) of dx: where their outputs begin in dy, and the taps that reach them.</summary>
    public sealed record Phase(int FirstY, int FirstX, int Rows, int Columns, nint Start, nint[] Offsets, int[] Weights);

    private Phase Make(int remainderY, int remainderX)
    {
        var g = Geometry;
        var (firstY, qY, rows) = Along(remainderY, g.PaddingTop, g.StrideY, g.Height);
        var (firstX, qX, columns) = Along(remainderX, g.PaddingLeft, g.StrideX, g.Width);
        var reaching = Enumerable.Range(0, g.KernelSize)
            .Select(tap => (Tap: tap, Y: tap / g.KernelWidth * g.DilationY, X: tap % g.KernelWidth * g.DilationX))
            .Where(t => t.Y % g.StrideY == remainderY && t.X % g.StrideX == remainderX).ToArray();
        var all = Enumerable.Range(0, Multiplier).SelectMany(m => reaching.Select(t => (m, t))).ToArray();
        return new Phase(
            firstY, firstX, rows, columns, ((nint)(Top + qY) * Pitch) + Left + qX,
            [.. all.Select(p => (p.m * PlaneLength) - ((nint)(p.t.Y / g.StrideY) * Pitch) - (p.t.X / g.StrideX))],
            [.. all.Select(p => (p.m * g.KernelSize) + p.t.Tap)]);
    }

    /// <summary>The first element of a remainder, its q, and the number of them.</summary>
    private static (int First, int Q, int Count) Along(int remainder, int padding, int stride, int size)
    {
        var q = GemmBlocking.DivideRoundingUp(Math.Max(0, padding - remainder), stride);
        var first = (q * stride) + remainder - padding;
        return (first, q, first >= size ? 0 : ((size - 1 - first) / stride) + 1);
    }
}
