using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The weights of a convolution as register tiles read them. Idea: for each group of up to 3 vectors of target channels a panel, whose
/// row is an element of the filters (source channel and tap, in the order in which the tile meets them) with the group's channels in the
/// lanes; made from the plain weights, and back, by squares (<see cref="LaneTranspose"/>). Layout: phases × groups × source blocks × taps
/// × source lanes × target lanes. Lanes: target channels.
/// </summary>
internal sealed unsafe class FilterPanels
{
    private readonly int _targets;
    private readonly int _sources;
    private readonly int _pixelFloats;
    private readonly int _lanes = VectorWidth.Floats;
    private readonly TapPlace[] _places;

    /// <summary>Lays out the filters of a convolution from the source's to the target's channels.</summary>
    public FilterPanels(TapPhase[] phases, int windowWidth, int taps, int sources, int targets, int pixelFloats)
    {
        (_targets, _sources, _pixelFloats) = (targets, sources, pixelFloats);
        Groups = new VectorGroups(targets / _lanes);
        _places = new TapPlace[taps];
        Starts = new nint[phases.Length];
        foreach (var (index, phase) in phases.Index())
        {
            Starts[index] = (nint)Length;
            for (var tap = 0; tap < phase.Taps; tap++)
            {
                var (y, x) = (phase.Vertical.Taps[tap / phase.Horizontal.Taps.Length], phase.Horizontal.Taps[tap % phase.Horizontal.Taps.Length]);
                _places[(y * windowWidth) + x] = new TapPlace((nint)Length, phase.Steps, phase.Taps, tap);
            }

            Length += (long)phase.Steps * targets;
        }
    }

    /// <summary>The floats of all panels.</summary>
    public long Length { get; }

    /// <summary>The groups of vectors of target channels.</summary>
    public VectorGroups Groups { get; }

    /// <summary>Where the panels of each phase start.</summary>
    public nint[] Starts { get; }

    /// <summary>Packs weights that lie as target × source × tap: those of the forward pass.</summary>
    public void PackForward(WorkerPool pool, float* weights, float* panels)
        => pool.Run(Groups.Vectors, new ForwardJob(this, weights, panels));

    /// <summary>Packs weights that lie as source × target × tap: those of the input gradient.</summary>
    public void PackTransposed(WorkerPool pool, float* weights, float* panels)
        => pool.Run(Groups.Vectors, new TransposedJob(this, weights, panels));

    /// <summary>The row of one vector of target channels for a source channel and tap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint At(int vector, int source, int tap)
    {
        var place = _places[tap];
        var group = Groups.GroupOf(vector);
        var first = Groups.First(group);
        nint row = (((source / _pixelFloats * place.Taps) + place.Index) * _pixelFloats) + (source % _pixelFloats);
        return place.Start + (((first * place.Steps) + (row * Groups.Count(group)) + vector - first) * _lanes);
    }

    /// <summary>Where a tap's elements are: the phase's panels, the rows of each, the taps of the phase, and which of them it is.</summary>
    private readonly record struct TapPlace(nint Start, int Steps, int Taps, int Index);

    private readonly struct ForwardJob(FilterPanels p, float* weights, float* panels) : IParallelJob
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute(int vector)
        {
            var (lanes, taps) = (p._lanes, p._places.Length);
            var length = p._sources * taps;
            var squares = LaneTranspose.Squares();
            var filters = weights + ((nint)vector * lanes * length);
            for (var start = 0; start < length; start += lanes)
            {
                var columns = Math.Min(lanes, length - start);
                for (var row = 0; row < lanes; row++)
                    Copy(filters + ((nint)row * length) + start, squares + (row * lanes), columns);
                var square = LaneTranspose.Run(squares);
                for (var column = 0; column < columns; column++)
                {
                    var (source, tap) = Math.DivRem(start + column, taps);
                    Copy(square + (column * lanes), panels + p.At(vector, source, tap), lanes);
                }
            }
        }
    }

    private readonly struct TransposedJob(FilterPanels p, float* weights, float* panels) : IParallelJob
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute(int vector)
        {
            var (lanes, taps) = (p._lanes, p._places.Length);
            var squares = LaneTranspose.Squares();
            for (var source = 0; source < p._sources; source++)
            {
                var filters = weights + ((((nint)source * p._targets) + ((nint)vector * lanes)) * taps);
                if (taps == 1)
                {
                    Copy(filters, panels + p.At(vector, source, 0), lanes);
                    continue;
                }

                for (var start = 0; start < taps; start += lanes)
                {
                    var columns = Math.Min(lanes, taps - start);
                    for (var row = 0; row < lanes; row++)
                        Copy(filters + ((nint)row * taps) + start, squares + (row * lanes), columns);
                    var square = LaneTranspose.Run(squares);
                    for (var column = 0; column < columns; column++)
                        Copy(square + (column * lanes), panels + p.At(vector, source, start + column), lanes);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* target, int count)
        => new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
}

/// <summary>Vectors of channels in groups of nearly the same size that fit the register tile: 4 are 2 + 2, 8 are 2 + 3 + 3.</summary>
internal readonly struct VectorGroups(int vectors)
{
    public int Vectors => vectors;

    public int Length { get; } = GemmBlocking.DivideRoundingUp(vectors, GemmBlocking.RegisterTile.Vectors);

    /// <summary>The first vector of a group.</summary>
    public int First(int group) => group * vectors / Length;

    /// <summary>The vectors of a group.</summary>
    public int Count(int group) => First(group + 1) - First(group);

    public int GroupOf(int vector) => (((vector + 1) * Length) - 1) / vectors;
}
