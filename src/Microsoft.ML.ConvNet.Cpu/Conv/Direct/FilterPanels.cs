using System.Numerics;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The weights of a convolution as register tiles read them. Idea: for each group of up to 3 vectors of target channels a panel, whose
/// row is an element of the filters (source channel and tap, in the order in which the tile meets them) with the group's channels in the
/// lanes. Layout: phases × groups × source blocks × taps × source lanes × target lanes. Lanes: target channels. <see cref="FilterPacking"/>
/// makes them.
/// </summary>
internal sealed class FilterPanels
{
    private readonly int _sourceLanes;
    private readonly TapPlace[] _places;
    private readonly (nint Start, int Steps)[] _phases;

    /// <summary>Lays out the filters of a convolution from the source's to the target's channels.</summary>
    public FilterPanels(TapPhase[] phases, int windowWidth, int taps, int sources, int targets, int pixelFloats)
    {
        (Targets, Sources, _sourceLanes) = (targets, sources, pixelFloats);
        Groups = new VectorGroups(targets / VectorWidth.Floats);
        _places = new TapPlace[taps];
        _phases = new (nint, int)[phases.Length];
        foreach (var (index, phase) in phases.Index())
        {
            _phases[index] = ((nint)Length, phase.Steps);
            for (var tap = 0; tap < phase.Taps; tap++)
            {
                var (y, x) = (phase.Vertical.Taps[tap / phase.Horizontal.Taps.Length], phase.Horizontal.Taps[tap % phase.Horizontal.Taps.Length]);
                _places[(y * windowWidth) + x] = new TapPlace((nint)Length, phase.Steps, phase.Taps, tap);
            }

            Length += (long)phase.Steps * targets;
        }
    }

    /// <summary>The channels of the target.</summary>
    public int Targets { get; }

    /// <summary>The channels of the source.</summary>
    public int Sources { get; }

    /// <summary>The taps of the window.</summary>
    public int Taps => _places.Length;

    /// <summary>The floats of all panels.</summary>
    public long Length { get; }

    /// <summary>The groups of vectors of target channels.</summary>
    public VectorGroups Groups { get; }

    /// <summary>Where the panel of a group starts.</summary>
    public nint PanelStart(int phase, int group)
        => _phases[phase].Start + ((nint)Groups.First(group) * _phases[phase].Steps * VectorWidth.Floats);

    /// <summary>Where the rows of a vector of target channels are.</summary>
    public Rows RowsOf(int vector) => new(this, vector);

    /// <summary>Where a tap's elements are: the phase's panels, the rows of each, the taps of the phase, and which of them it is.</summary>
    private readonly record struct TapPlace(nint Start, int Steps, int Taps, int Index);

    /// <summary>The rows of one vector of target channels.</summary>
    public readonly struct Rows(FilterPanels panels, int vector)
    {
        private readonly TapPlace[] _places = panels._places;
        private readonly int _sourceBits = BitOperations.Log2((uint)panels._sourceLanes);
        private readonly int _first = panels.Groups.First(panels.Groups.GroupOf(vector));
        private readonly int _width = panels.Groups.Count(panels.Groups.GroupOf(vector));

        /// <summary>The offset of the row of a source channel and tap.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public nint At(int source, int tap)
        {
            var place = _places[tap];
            var block = source >> _sourceBits;
            nint row = (((block * place.Taps) + place.Index) << _sourceBits) + source - (block << _sourceBits);
            return place.Start + ((((nint)_first * place.Steps) + (row * _width) + vector - _first) * VectorWidth.Floats);
        }
    }
}

/// <summary>Vectors of channels in groups of nearly the same size that fit the register tile: 4 are 2 + 2, 8 are 2 + 3 + 3.</summary>
internal readonly struct VectorGroups(int vectors)
{
    /// <summary>The vectors of all groups.</summary>
    public int Vectors => vectors;

    /// <summary>How many groups there are.</summary>
    public int Length { get; } = GemmBlocking.DivideRoundingUp(vectors, GemmBlocking.RegisterTile.Vectors);

    /// <summary>The first vector of a group.</summary>
    public int First(int group) => group * vectors / Length;

    /// <summary>The vectors of a group.</summary>
    public int Count(int group) => First(group + 1) - First(group);

    /// <summary>The group that a vector is in.</summary>
    public int GroupOf(int vector) => (((vector + 1) * Length) - 1) / vectors;
}
