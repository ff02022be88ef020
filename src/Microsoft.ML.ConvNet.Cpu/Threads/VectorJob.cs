using System.Runtime.Intrinsics;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Work cut into chunks like <see cref="IParallelJob"/>, written once for every width of vectors.</summary>
internal interface IVectorJob
{
    void Execute<S, V>(int chunk)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>Runs jobs with the widest vectors that the machine accelerates.</summary>
internal static class VectorJob
{
    /// <summary>Runs every chunk once, and returns when all are done.</summary>
    public static void RunVectors<TJob>(this WorkerPool pool, int chunks, TJob job)
        where TJob : struct, IVectorJob => pool.Run(chunks, new Widest<TJob>(job));

    /// <summary>The same for chunks that run loops on the pool themselves; see <see cref="WorkerPool.RunNested"/>.</summary>
    public static void RunNestedVectors<TJob>(this WorkerPool pool, int chunks, TJob job)
        where TJob : struct, IVectorJob => pool.RunNested(chunks, new Widest<TJob>(job));

    private readonly struct Widest<TJob>(TJob job) : IParallelJob
        where TJob : struct, IVectorJob
    {
        public void Execute(int chunk)
        {
            if (Vector512.IsHardwareAccelerated)
                job.Execute<Simd512, Vector512<float>>(chunk);
            else if (Vector256.IsHardwareAccelerated)
                job.Execute<Simd256, Vector256<float>>(chunk);
            else
                job.Execute<Simd128, Vector128<float>>(chunk);
        }
    }
}
