using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Lp-pooling of planes. Idea: powers of all elements, sums over windows (<see cref="Resample"/>), roots of the sums; the gradient is
/// dx = sign(x)·|x|^(p−1) · the transposed sums of dy/y^(p−1). Layout: planes of D×H×W. Lanes: elements. Powers of 1 and 2 need no logarithm.
/// </summary>
internal static unsafe class LpPool
{
    /// <summary>Along each axis, the sums over windows.</summary>
    public static IReadOnlyList<AxisMap> Maps(PoolGeometry g) => [Map(g.Depth), Map(g.Height), Map(g.Width)];

    /// <summary>y = the p-norm of every window.</summary>
    public static void Forward(WorkerPool pool, float* x, nint planes, Resample sums, float p, float* y)
        => PlaneLoop.Run(pool, planes, 2 * sums.InputSize, new ForwardBody(x, sums, p, y));

    /// <summary>dX; <paramref name="transposed"/> are the transposed sums.</summary>
    public static void Backward(WorkerPool pool, float* x, float* y, float* dY, nint planes, Resample transposed, float p, float* dX)
        => PlaneLoop.Run(pool, planes, 2 * transposed.OutputSize, new BackwardBody(x, y, dY, transposed, p, dX));

    private static AxisMap Map(PoolAxis axis) => new(axis.Size, axis.Outputs, o =>
    {
        var (first, end) = axis.TapsInside(o);
        return Enumerable.Range(first, end - first).Select(tap => new AxisTap(axis.Window.Input(o, tap), 1));
    });

    /// <summary>x^p of a magnitude; 0 stays 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Power<S, V>(V magnitude, float p)
        where S : struct, ISimd<V>
        where V : struct
    {
        if (p == 0)
            return S.Create(1f);
        if (p == 1)
            return magnitude;
        if (p == 2)
            return S.Multiply(magnitude, magnitude);
        return p == 0.5f ? S.Sqrt(magnitude) : VectorMath.Exp<S, V>(S.Multiply(S.Create(p), VectorMath.Log<S, V>(magnitude)));
    }

    /// <summary>|x|^p.</summary>
    private readonly struct MagnitudePower(float p) : IUnaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply<S, V>(V x)
            where S : struct, ISimd<V>
            where V : struct => Power<S, V>(S.Abs(x), p);
    }

    /// <summary>dy/y^(p−1). A window whose powers vanish in float32 counts as zeros: there is no gradient.</summary>
    private readonly struct Shares(float p) : IBinaryFunction
    {
        private readonly float _smallest = p == 1 ? 0 : MathF.Pow(1e-37f, 1 / (p - 1));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply<S, V>(V y, V dY)
            where S : struct, ISimd<V>
            where V : struct
            => S.Select(S.Or(S.GreaterThan(y, S.Create(_smallest)), S.IsNaN(y)), S.Divide(dY, Power<S, V>(y, p - 1)), S.Create(0f));
    }

    /// <summary>sign(x)·|x|^(p−1)·sum.</summary>
    private readonly struct SignedPower(float p) : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public V Apply<S, V>(V x, V sum)
            where S : struct, ISimd<V>
            where V : struct
        {
            var zero = S.Create(0f);
            var product = S.Multiply(Power<S, V>(S.Abs(x), p - 1), sum);
            return S.Select(S.GreaterThan(zero, x), S.Subtract(zero, product), S.Select(S.Or(S.GreaterThan(x, zero), S.IsNaN(x)), product, zero));
        }
    }

    private readonly struct ForwardBody(float* x, Resample sums, float p, float* y) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var powers = Scratch.Get(ScratchUse.Pool, sums.InputSize);
            var target = y + (plane * sums.OutputSize);
            Pointwise.Map(x + (plane * sums.InputSize), powers, sums.InputSize, new MagnitudePower(p));
            sums.Run(powers, target);
            Pointwise.Map(target, target, sums.OutputSize, new MagnitudePower(1 / p));
        }
    }

    private readonly struct BackwardBody(float* x, float* y, float* dY, Resample transposed, float p, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var shares = Scratch.Get(ScratchUse.Pool, transposed.InputSize);
            var window = plane * transposed.InputSize;
            var target = dX + (plane * transposed.OutputSize);
            Pointwise.Map(y + window, dY + window, shares, transposed.InputSize, new Shares(p));
            transposed.Run(shares, target);
            Pointwise.Map(x + (plane * transposed.OutputSize), target, target, transposed.OutputSize, new SignedPower(p));
        }
    }
}
