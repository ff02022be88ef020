using System.Runtime.CompilerServices;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Local response normalisation. Idea: for each plane the planes around it are added up, a vector of places at a time; s^−β is
/// e^(−β·ln s). The gradient first stores dy·y/s of every element, which its neighbours then add up. Layout: N×C×H×W. Lanes: places.
/// </summary>
internal static unsafe class LocalResponseNorm
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var shape = signature.Inputs[0].Shape;
        return signature.Op switch
        {
            LocalResponseNormOp op => new FunctionKernel("local response norm", call => PlaneLoop.Run(
                pool, (nint)call.Batch * shape.C, (nint)shape.Plane * op.Channels, new ForwardBody(call.Input(0), op, shape, call.Output()))),
            LocalResponseNormGradientOp op => new FunctionKernel(
                "local response norm gradient", call => Backward(pool, call, op.Forward, shape), signature.Output.Length(signature.MaxBatch)),
            _ => null,
        };
    }

    private static void Backward(WorkerPool pool, KernelCall call, LocalResponseNormOp op, Shape shape)
    {
        var planes = (nint)call.Batch * shape.C;
        PlaneLoop.Run(pool, planes, (nint)shape.Plane * op.Channels, new ShareBody(call.Input(0), call.Input(1), op, shape, call.Workspace(), call.Output()));
        PlaneLoop.Run(pool, planes, (nint)shape.Plane * op.Channels, new GradientBody(call.Input(0), op, shape, call.Workspace(), call.Output()));
    }

    /// <summary>The planes around one plane that belong to the same sample: <paramref name="before"/> and <paramref name="after"/> at most.</summary>
    private static (nint First, nint End) Neighbours(nint plane, int channels, int before, int after)
    {
        var start = plane / channels * channels;
        return (Math.Max(start, plane - before), Math.Min(start + channels, plane + after + 1));
    }

    /// <summary>s = k + α/n·Σ x² over the planes [first, end), at the place of <paramref name="i"/> in each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Sum<S, V, L>(float* x, nint first, nint end, nint length, nint i, float k, float share, L lanes)
        where S : struct, ISimd<V>
        where V : struct
        where L : struct, ILanes<V>
    {
        V sum = default;
        for (var plane = first; plane < end; plane++)
        {
            var value = lanes.Load(x + (plane * length) + i);
            sum = S.MultiplyAdd(value, value, sum);
        }

        return S.MultiplyAdd(S.Create(share), sum, S.Create(k));
    }

    private readonly struct ForwardBody(float* x, LocalResponseNormOp op, Shape shape, float* y) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var (first, end) = Neighbours(plane, shape.C, op.Channels / 2, (op.Channels - 1) / 2);
            VectorLoop.Run(0, shape.Plane, new Places(x, y, plane, first, end, shape.Plane, op.K, op.Alpha / op.Channels, op.Beta));
        }

        private readonly struct Places(float* x, float* y, nint plane, nint first, nint end, nint length, float k, float share, float beta) : ILoopBody
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public void Step<S, V, L>(nint i, L lanes)
                where S : struct, ISimd<V>
                where V : struct
                where L : struct, ILanes<V>
            {
                var log = VectorMath.Log<S, V>(Sum<S, V, L>(x, first, end, length, i, k, share, lanes));
                var power = VectorMath.Exp<S, V>(S.Multiply(S.Create(-beta), log));
                lanes.Store(S.Multiply(lanes.Load(x + (plane * length) + i), power), y + (plane * length) + i);
            }
        }
    }

    /// <summary>shares = dy·x/s^(β+1), and dx = dy/s^β for a start.</summary>
    private readonly struct ShareBody(float* x, float* dY, LocalResponseNormOp op, Shape shape, float* shares, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var (first, end) = Neighbours(plane, shape.C, op.Channels / 2, (op.Channels - 1) / 2);
            VectorLoop.Run(0, shape.Plane, new Places(x, dY, shares, dX, plane, first, end, shape.Plane, op.K, op.Alpha / op.Channels, op.Beta));
        }

        private readonly struct Places(
            float* x, float* dY, float* shares, float* dX, nint plane, nint first, nint end, nint length, float k, float share, float beta) : ILoopBody
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public void Step<S, V, L>(nint i, L lanes)
                where S : struct, ISimd<V>
                where V : struct
                where L : struct, ILanes<V>
            {
                var sum = Sum<S, V, L>(x, first, end, length, i, k, share, lanes);
                var power = VectorMath.Exp<S, V>(S.Multiply(S.Create(-beta), VectorMath.Log<S, V>(sum)));
                var own = (plane * length) + i;
                var scaled = S.Multiply(lanes.Load(dY + own), power);
                lanes.Store(scaled, dX + own);
                lanes.Store(S.Divide(S.Multiply(scaled, lanes.Load(x + own)), sum), shares + own);
            }
        }
    }

    /// <summary>dx −= 2·α·β/n·x·Σ shares over the channels whose sums this one is in.</summary>
    private readonly struct GradientBody(float* x, LocalResponseNormOp op, Shape shape, float* shares, float* dX) : IPlaneBody
    {
        public void Run(nint plane)
        {
            var (first, end) = Neighbours(plane, shape.C, (op.Channels - 1) / 2, op.Channels / 2);
            VectorLoop.Run(0, shape.Plane, new Places(x, shares, dX, plane, first, end, shape.Plane, -2 * op.Alpha * op.Beta / op.Channels));
        }

        private readonly struct Places(float* x, float* shares, float* dX, nint plane, nint first, nint end, nint length, float factor) : ILoopBody
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public void Step<S, V, L>(nint i, L lanes)
                where S : struct, ISimd<V>
                where V : struct
                where L : struct, ILanes<V>
            {
                V sum = default;
                for (var other = first; other < end; other++)
                    sum = S.Add(sum, lanes.Load(shares + (other * length) + i));
                var own = (plane * length) + i;
                var change = S.Multiply(S.Create(factor), lanes.Load(x + own));
                lanes.Store(S.MultiplyAdd(change, sum, lanes.Load(dX + own)), dX + own);
            }
        }
    }
}
