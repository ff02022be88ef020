namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>What happens to one plane.</summary>
internal interface IPlaneBody
{
    void Run(nint plane);
}

/// <summary>What happens to one plane, written once for every width of vectors.</summary>
internal interface IVectorPlaneBody
{
    void Run<S, V>(nint plane)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>Planes in parallel, so many a chunk that a chunk is worth its dispatch.</summary>
internal static class PlaneLoop
{
    public static void Run<B>(WorkerPool pool, nint planes, nint planeSize, B body)
        where B : struct, IPlaneBody
    {
        var job = new Job<B>(planes, planeSize, body);
        pool.Run(job.Chunks, job);
    }

    /// <summary>The same with the widest vectors that the machine accelerates.</summary>
    public static void RunVectors<B>(WorkerPool pool, nint planes, nint planeSize, B body)
        where B : struct, IVectorPlaneBody
    {
        var job = new WidestJob<B>(planes, planeSize, body);
        pool.RunVectors(job.Chunks, job);
    }

    /// <summary>Where chunks begin and end.</summary>
    private readonly struct Cut(nint planes, nint planeSize)
    {
        private readonly nint _perChunk = Math.Max(1, VectorLoop.ChunkSize / Math.Max(1, planeSize));

        public int Chunks => (int)((planes + _perChunk - 1) / _perChunk);

        public (nint First, nint End) Planes(int chunk) => (chunk * _perChunk, Math.Min(planes, (chunk + 1) * _perChunk));
    }

    private readonly struct Job<B>(nint planes, nint planeSize, B body) : IParallelJob
        where B : struct, IPlaneBody
    {
        private readonly Cut _cut = new(planes, planeSize);

        public int Chunks => _cut.Chunks;

        public void Execute(int chunk)
        {
            var (plane, end) = _cut.Planes(chunk);
            for (; plane < end; plane++)
                body.Run(plane);
        }
    }

    private readonly struct WidestJob<B>(nint planes, nint planeSize, B body) : IVectorJob
        where B : struct, IVectorPlaneBody
    {
        private readonly Cut _cut = new(planes, planeSize);

        public int Chunks => _cut.Chunks;

        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct
        {
            var (plane, end) = _cut.Planes(chunk);
            for (; plane < end; plane++)
                body.Run<S, V>(plane);
        }
    }
}
