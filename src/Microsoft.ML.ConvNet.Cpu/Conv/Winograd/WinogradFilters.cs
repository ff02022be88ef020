using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The filters of a convolution as the panels that its products read. Idea: transpose 16 channels' taps at a time into L1, so that
/// output channels lie in the lanes, then transform whole vectors. Layout: from O×C×taps to [point][panel][input channel][width of
/// the panel], the points a little further apart than their lengths, which are powers of two that caches cannot hold side by side.
/// Lanes: output channels. Groups of input channels run in parallel.
/// </summary>
/// <param name="weights">O×C×taps.</param>
/// <param name="geometry">Whose inputs and outputs are those of the pass.</param>
/// <param name="transposed">Whether the weights' outputs are the inputs of the pass, and the taps are turned by half a turn.</param>
/// <param name="panels">Receives the panels.</param>
internal readonly unsafe struct WinogradFilters<S, V, TTile>(float* weights, WinogradGeometry geometry, bool transposed, float* panels) : IParallelJob
    where S : struct, ISimd<V>
    where V : struct
    where TTile : struct, IWinogradTile
{
    private const int InputsAtATime = 16;

    /// <summary>Floats that caches may keep until they are read: 16 MB.</summary>
    private const int MaxCached = 1 << 22;

    private readonly bool _isLong = Length(geometry) > MaxCached;

    public static nint PlaneStride(WinogradGeometry geometry) => ((nint)geometry.Inputs * geometry.Outputs) + S.Count;

    public static nint Length(WinogradGeometry geometry) => TTile.Points * TTile.Points * PlaneStride(geometry);

    private static int Taps => TTile.Taps * TTile.Taps;

    public int Chunks => GemmBlocking.DivideRoundingUp(geometry.Inputs, InputsAtATime);

    public void Execute(int chunk)
    {
        var first = chunk * InputsAtATime;
        var count = Math.Min(InputsAtATime, geometry.Inputs - first);
        int vectors;
        for (var output = 0; output < geometry.Outputs; output += vectors * S.Count)
        {
            vectors = GemmPanel.Vectors((geometry.Outputs - output) / S.Count);
            Panel(first, count, output, vectors * S.Count);
        }
    }

    [MethodImpl(Hot.Loop)]
    private void Panel(int firstInput, int count, int firstOutput, int width)
    {
        var taps = Scratch.Get(ScratchUse.WinogradFilter, InputsAtATime * Taps * (nint)width);
        Transpose(firstInput, count, firstOutput, width, taps);
        var (step, plane) = (transposed ? -width : width, PlaneStride(geometry));
        var target = panels + ((nint)firstOutput * geometry.Inputs) + ((nint)firstInput * width);
        for (var i = 0; i < count * width; i += S.Count)
        {
            var (input, lane) = (i / width, i % width);
            var source = taps + ((nint)input * Taps * width) + lane;
            if (transposed)
                source += (Taps - 1) * width;
            if (_isLong)
                WinogradTransform.FilterNonTemporal<S, V, TTile>(source, step, target + i, plane);
            else
                WinogradTransform.Filter<S, V, TTile>(source, step, target + i, plane);
        }
    }

    /// <summary>The taps of some input channels: [input channel][tap][output channel].</summary>
    private void Transpose(int firstInput, int count, int firstOutput, int width, float* taps)
    {
        if (!transposed)
        {
            var row = (nint)geometry.Inputs * Taps;
            GemmPacking.Pack(weights + (firstOutput * row) + ((nint)firstInput * Taps), 1, row, count * Taps, width, width, taps);
            return;
        }

        for (var input = 0; input < count; input++)
        {
            var source = weights + ((((nint)(firstInput + input) * geometry.Outputs) + firstOutput) * Taps);
            GemmPacking.Pack(source, 1, Taps, Taps, width, width, taps + ((nint)input * Taps * width));
        }
    }
}
