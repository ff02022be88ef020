using System.Runtime.CompilerServices;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Element-wise operations on flat arrays. Idea: one loop (<see cref="VectorLoop"/>), functions as readonly structs.
/// Every operation may run in place. Win: an activation runs at the memory's speed.
/// </summary>
internal static unsafe class Pointwise
{
    /// <summary>y = f(x), in parallel.</summary>
    public static void Map<F>(WorkerPool pool, float* x, float* y, nint count, F function)
        where F : struct, IUnaryFunction => VectorLoop.Run(pool, count, new UnaryBody<F>(x, y, function));

    /// <summary>y = f(x), on this thread.</summary>
    public static void Map<F>(float* x, float* y, nint count, F function)
        where F : struct, IUnaryFunction => VectorLoop.Run(0, count, new UnaryBody<F>(x, y, function));

    /// <summary>y = f(a, b), in parallel.</summary>
    public static void Map<F>(WorkerPool pool, float* a, float* b, float* y, nint count, F function)
        where F : struct, IBinaryFunction => VectorLoop.Run(pool, count, new BinaryBody<F>(a, b, y, function));

    /// <summary>y = f(a, b), on this thread.</summary>
    public static void Map<F>(float* a, float* b, float* y, nint count, F function)
        where F : struct, IBinaryFunction => VectorLoop.Run(0, count, new BinaryBody<F>(a, b, y, function));

    /// <summary>y = f(x, scalar), on this thread.</summary>
    public static void MapScalar<F>(float* x, float scalar, float* y, nint count, F function)
        where F : struct, IBinaryFunction => VectorLoop.Run(0, count, new ScalarBody<F>(x, scalar, y, function));

    /// <summary>y += factor·x.</summary>
    public static void AddScaled(WorkerPool pool, float factor, float* x, float* y, nint count) =>
        Map(pool, y, x, y, count, new Axpy(factor));

    /// <summary>y = value.</summary>
    public static void Fill(WorkerPool pool, float* y, nint count, float value) =>
        VectorLoop.Run(pool, count, new FillBody(y, value));

    private readonly struct UnaryBody<F>(float* x, float* y, F function) : ILoopBody
        where F : struct, IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> => lanes.Store(function.Apply<S, V>(lanes.Load(x + i)), y + i);
    }

    private readonly struct BinaryBody<F>(float* a, float* b, float* y, F function) : ILoopBody
        where F : struct, IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> => lanes.Store(function.Apply<S, V>(lanes.Load(a + i), lanes.Load(b + i)), y + i);
    }

    private readonly struct ScalarBody<F>(float* x, float scalar, float* y, F function) : ILoopBody
        where F : struct, IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> => lanes.Store(function.Apply<S, V>(lanes.Load(x + i), S.Create(scalar)), y + i);
    }

    private readonly struct FillBody(float* y, float value) : ILoopBody
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<S, V, L>(nint i, L lanes)
            where S : struct, ISimd<V>
            where V : struct
            where L : struct, ILanes<V> => lanes.Store(S.Create(value), y + i);
    }
}
