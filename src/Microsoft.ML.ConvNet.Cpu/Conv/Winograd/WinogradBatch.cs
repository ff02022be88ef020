namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>How work with samples in the lanes is cut.</summary>
internal static class WinogradBatch
{
    /// <summary>Floats of the points of a block of tiles: about half an L2.</summary>
    private const int BlockFloats = 160_000;

    /// <summary>The tiles of a block that has points of so many channels.</summary>
    public static int BlockTiles<TTile>(WinogradGeometry geometry, int channels)
        where TTile : struct, IWinogradTile
    {
        var floats = TTile.Points * TTile.Points * channels * VectorWidth.Floats;
        var most = Math.Clamp(BlockFloats / floats, 1, geometry.TilesPerImage);
        return GemmBlocking.DivideRoundingUp(geometry.TilesPerImage, GemmBlocking.DivideRoundingUp(geometry.TilesPerImage, most));
    }

    /// <summary>
    /// Runs a job's parts on all threads as long as there is one for each, and then one after the other, which share their own steps
    /// among the threads.
    /// </summary>
    public static void RunParts<TJob>(WorkerPool pool, int parts, TJob job)
        where TJob : struct, IVectorJob
    {
        var together = parts / pool.Threads * pool.Threads;
        pool.RunVectors(together, job);
        for (var part = together; part < parts; part++)
            pool.RunVectors(1, new Offset<TJob>(job, part));
    }

    private readonly struct Offset<TJob>(TJob job, int first) : IVectorJob
        where TJob : struct, IVectorJob
    {
        public void Execute<S, V>(int chunk)
            where S : struct, ISimd<V>
            where V : struct => job.Execute<S, V>(first + chunk);
    }
}
