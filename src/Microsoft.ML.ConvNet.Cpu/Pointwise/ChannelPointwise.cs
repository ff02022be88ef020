using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>y[n, c, i] = f(x[n, c, i], b[c]): a bias, a scale, and their like. May run in place.</summary>
internal static unsafe class ChannelPointwise
{
    public static void Map<F>(WorkerPool pool, float* x, float* perChannel, float* y, ChannelShape shape, F function)
        where F : struct, IBinaryFunction =>
        ChannelLoop.Run(pool, shape, new ChannelValues(perChannel), new Body<F>(x, y, function));

    private readonly struct Body<F>(float* x, float* y, F function) : IChannelBody
        where F : struct, IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, V a, V b, V c, V d, V e, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> => lanes.Store(function.Apply<S, V>(lanes.Load(x + i), a), y + i);
    }
}
