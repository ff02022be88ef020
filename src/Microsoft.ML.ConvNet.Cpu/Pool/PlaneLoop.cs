namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>What happens to one plane.</summary>
internal interface IPlaneBody
{
    void Run(nint plane);
}

/// <summary>Planes in parallel, so many a chunk that a chunk is worth its dispatch.</summary>
internal static class PlaneLoop
{
    public static void Run<B>(WorkerPool pool, nint planes, nint planeSize, B body)
        where B : struct, IPlaneBody
    {
        var perChunk = Math.Max(1, VectorLoop.ChunkSize / Math.Max(1, planeSize));
        pool.Run((int)((planes + perChunk - 1) / perChunk), new Job<B>(planes, perChunk, body));
    }

    private readonly struct Job<B>(nint planes, nint perChunk, B body) : IParallelJob
        where B : struct, IPlaneBody
    {
        public void Execute(int chunk)
        {
            var end = Math.Min(planes, (chunk + 1) * perChunk);
            for (var plane = chunk * perChunk; plane < end; plane++)
                body.Run(plane);
        }
    }
}
