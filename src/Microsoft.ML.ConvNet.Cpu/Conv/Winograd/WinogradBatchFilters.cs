using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// The filters' points where samples are in the lanes and a point is one broadcast. Idea: transpose the taps of a vector of filters, each
/// from one input channel to one output channel, into L1 and transform whole vectors. Layout: from O×C×taps to [point][O×C], the points
/// a plane apart. Lanes: neighbours in O×C. Vectors run in parallel.
/// </summary>
/// <param name="weights">O×C×taps.</param>
/// <param name="filters">O·C.</param>
/// <param name="points">Receives the points.</param>
internal readonly unsafe struct WinogradBatchFilters<TTile>(float* weights, int filters, float* points) : IVectorJob
    where TTile : struct, IWinogradTile
{
    public static nint PlaneStride(int filters) => Vectors(filters) * VectorWidth.Floats;

    public static nint Length(int filters) => TTile.Points * TTile.Points * PlaneStride(filters);

    public void Run(WorkerPool pool) => pool.RunVectors(Vectors(filters), this);

    [SkipLocalsInit]
    [MethodImpl(Hot.Loop)]
    public void Execute<S, V>(int chunk)
        where S : struct, ISimd<V>
        where V : struct
    {
        var taps = TTile.Taps * TTile.Taps;
        var first = chunk * S.Count;
        var transposed = stackalloc float[WinogradTransform.MaxTile];
        GemmPacking.Pack(weights + ((nint)first * taps), 1, taps, taps, Math.Min(S.Count, filters - first), S.Count, transposed);
        WinogradTransform.Filter<S, V, TTile>(transposed, S.Count, points + first, PlaneStride(filters));
    }

    private static int Vectors(int filters) => GemmBlocking.DivideRoundingUp(filters, VectorWidth.Floats);
}
