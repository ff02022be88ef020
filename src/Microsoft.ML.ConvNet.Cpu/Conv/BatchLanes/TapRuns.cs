using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>A few pixels of a target row: where they lie in a channel of the target and their inputs in one of the source, in pixels.</summary>
internal readonly record struct TapRun(int Target, int Source, int Pixels, int FirstTap, int TapCount);

/// <summary>
/// The linear map of a convolution, or of its adjoint, between the pixels of one source channel and one target channel: the target
/// row by row in runs of a few pixels, each with the list of the taps that meet the source. Rows of the source that lie in the
/// padding are left out; columns are not, so the source is read from a copy with zeros around each row
/// where there are any (<see cref="Columns"/>). Runs with the same list share it.
/// </summary>
internal sealed unsafe class TapRuns
{
    private readonly List<Tap> _lists = [];
    private readonly Dictionary<string, int> _places = [];

    // Pinned, so that kernels can point into it.
    private Tap[] _taps = [];

    public TapRun[] Runs { get; private set; } = [];

    /// <summary>A row of the source with its zeros.</summary>
    public Margin Columns { get; private set; }

    /// <summary>The pixels from one target pixel's input to the next one's.</summary>
    public int SourceStep { get; private init; }

    /// <summary>The pixels from one target pixel of a run to the next.</summary>
    public int TargetStep { get; private init; }

    /// <summary>The taps of a run; their sources are counted in floats.</summary>
    public Tap* TapsOf(in TapRun run) => (Tap*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_taps)) + run.FirstTap;

    /// <summary>From x to y.</summary>
    public static TapRuns Forward(Window window, Shape x, Shape y, int lanes) => Best(most => Forward(window, x, y, most, lanes));

    /// <summary>From y to x: output o of the window meets input i where i = o·stride − padding + tap·dilation.</summary>
    public static TapRuns Adjoint(Window window, Shape x, Shape y, int lanes) => Best(most => Adjoint(window, x, y, most, lanes));

    /// <summary>
    /// Runs of the length with the least work: long runs keep the registers busiest, short ones meet fewer zeros beside the source.
    /// </summary>
    private static TapRuns Best(Func<int, TapRuns> build)
        => Enumerable.Range(2, TapMicroKernel.MaxPixels - 1).Reverse().Select(build).MinBy(r => r.Work)!;

    /// <summary>The products of all runs, as if all were as fast as in the longest.</summary>
    private double Work => Runs.Sum(r => r.TapCount * (r.Pixels switch { 1 => 1.6, 2 => 2.15, 3 => 3.1, _ => r.Pixels }));

    private static TapRuns Forward(Window window, Shape x, Shape y, int maxPixels, int lanes)
    {
        var axes = Axes(window);
        return Build(new TapRuns { SourceStep = window.Width.Stride, TargetStep = 1 }, x, y, maxPixels, lanes, [(0, y.W)],
            axis => (output, tap) => axes[axis].Input(output, tap), axes);
    }

    private static TapRuns Adjoint(Window window, Shape x, Shape y, int maxPixels, int lanes)
    {
        var axes = Axes(window);
        var stride = window.Width.Stride;
        // Only the pixels of one remainder of the stride have the same taps.
        var phases = Enumerable.Range(0, Math.Min(stride, x.W)).Select(p => (p, (x.W - p + stride - 1) / stride)).ToArray();
        return Build(new TapRuns { SourceStep = 1, TargetStep = stride }, y, x, maxPixels, lanes, phases, axis => (input, tap) =>
        {
            var distance = input + axes[axis].Before - (tap * axes[axis].Dilation);
            return distance % axes[axis].Stride == 0 ? distance / axes[axis].Stride : null;
        }, axes);
    }

    private static WindowAxis[] Axes(Window window) => [window.Depth, window.Height, window.Width];

    /// <param name="runs">What to fill.</param>
    /// <param name="source">The shape of the source.</param>
    /// <param name="target">The shape of the target.</param>
    /// <param name="maxPixels">The most pixels of a run.</param>
    /// <param name="lanes">The floats of a pixel.</param>
    /// <param name="phases">The first target columns of the pixels that go together, and their numbers.</param>
    /// <param name="meets">For an axis: the source coordinate that a target coordinate meets by a tap, which may lie outside, or null.</param>
    /// <param name="axes">The window.</param>
    private static TapRuns Build(
        TapRuns runs, Shape source, Shape target, int maxPixels, int lanes, (int First, int Count)[] phases,
        Func<int, Func<int, int, int?>> meets, WindowAxis[] axes)
    {
        var (depth, height, width) = (meets(0), meets(1), meets(2));
        var tiles = phases.SelectMany(p => Split(p.Count, maxPixels).Select(s => (First: p.First + (s.Start * runs.TargetStep), s.Count))).ToArray();
        var columns = tiles.Select(t => Enumerable.Range(0, axes[2].Size)
            .Select(k => (Tap: k, Column: width(t.First, k)))
            .Where(c => c.Column is { } first && first + ((t.Count - 1) * runs.SourceStep) >= 0 && first < source.W)
            .Select(c => (c.Tap, Column: c.Column!.Value)).ToArray()).ToArray();
        var before = Math.Max(0, -columns.SelectMany(c => c).Select(c => c.Column).DefaultIfEmpty().Min());
        var last = tiles.Zip(columns).SelectMany(t => t.Second.Select(c => c.Column + ((t.First.Count - 1) * runs.SourceStep))).DefaultIfEmpty().Max();
        runs.Columns = new Margin(before, source.W, Math.Max(0, last - (source.W - 1)));

        var all = new List<TapRun>();
        for (var row = 0; row < target.D * target.H; row++)
        {
            var rows = (from d in Enumerable.Range(0, axes[0].Size)
                        let z = depth(row / target.H, d)
                        where z >= 0 && z < source.D
                        from h in Enumerable.Range(0, axes[1].Size)
                        let y = height(row % target.H, h)
                        where y >= 0 && y < source.H
                        select (Tap: (d * axes[1].Size) + h, Row: (z.Value * source.H) + y.Value)).ToArray();
            foreach (var (tile, inside) in tiles.Zip(columns))
            {
                var taps = (from r in rows
                            from c in inside
                            select new Tap((r.Row * runs.Columns.Length) + before + c.Column, (r.Tap * axes[2].Size) + c.Tap)).ToArray();
                all.Add(runs.NewRun((row * target.W) + tile.First, tile.Count, taps, lanes));
            }
        }

        runs.Runs = [.. all];
        runs._taps = GC.AllocateArray<Tap>(Math.Max(1, runs._lists.Count), pinned: true);
        runs._lists.CopyTo(runs._taps);
        return runs;
    }

    private TapRun NewRun(int target, int pixels, Tap[] taps, int lanes)
    {
        var first = taps.Length == 0 ? 0 : taps[0].Source;
        Tap[] relative = [.. taps.Select(t => t with { Source = (t.Source - first) * lanes })];
        var key = string.Join(' ', relative);
        if (!_places.TryGetValue(key, out var start))
        {
            _places[key] = start = _lists.Count;
            _lists.AddRange(relative);
        }

        return new TapRun(target, first, pixels, start, taps.Length);
    }

    /// <summary>Cuts a row into pieces of nearly equal length, of at most <paramref name="most"/> pixels.</summary>
    private static IEnumerable<(int Start, int Count)> Split(int length, int most)
    {
        var pieces = GemmBlocking.DivideRoundingUp(length, most);
        for (int i = 0, start = 0; i < pieces; i++)
        {
            var count = (length / pieces) + (i < length % pieces ? 1 : 0);
            yield return (start, count);
            start += count;
        }
    }
}
