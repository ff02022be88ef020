using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>Pooling, unpooling and resizing over one to three axes as steps.</summary>
internal static unsafe class PoolKernels
{
    public static Kernel? Find(OpSignature signature, WorkerPool pool)
    {
        var (input, output) = (signature.Inputs[0].Shape, signature.Output.Shape);
        return signature.Op switch
        {
            MaxPoolOp op => Max(PoolGeometry.Of(op.Window, input, output), output.C, pool),
            MaxPoolGradientOp op => MaxGradient(PoolGeometry.Of(op.Forward.Window, output, signature.Inputs[1].Shape), output.C, op.Relu, pool),
            MaxPoolSwitchesOp op => Switches(PoolGeometry.Of(op.Window, input, output), output.C, pool),
            MaxUnpoolOp => new FunctionKernel("max unpool", call => MaxUnpool.Forward(
                pool, call.Input(0), call.Input(1), (nint)call.Batch * output.C, input.Plane, output.Plane, call.Output())),
            MaxUnpoolGradientOp => new FunctionKernel("max unpool gradient", call => MaxUnpool.Backward(
                pool, call.Input(0), call.Input(1), (nint)call.Batch * output.C, output.Plane, input.Plane, call.Output())),
            AveragePoolOp op => Average(op, PoolGeometry.Of(op.Window, input, output), output.C, pool),
            AveragePoolGradientOp op => Linear(
                "average pool gradient", Transpose(AveragePool.Maps(op.Forward, PoolGeometry.Of(op.Forward.Window, output, input))), output.C, pool),
            LpPoolOp op => Lp(op.Power, PoolGeometry.Of(op.Window, input, output), output.C, pool),
            LpPoolGradientOp op => LpGradient(op.Forward.Power, PoolGeometry.Of(op.Forward.Window, output, signature.Inputs[1].Shape), output.C, pool),
            ResampleOp op => Linear(op is ResizeOp ? "resize" : op is BedOfNailsOp ? "bed of nails" : "adaptive average pool", op.Maps(input, output), output.C, pool),
            ResampleGradientOp op => Linear(
                op is ResizeGradientOp ? "resize gradient" : op is BedOfNailsGradientOp ? "bed of nails gradient" : "adaptive average pool gradient",
                op.Maps(input), output.C, pool),
            _ => null,
        };
    }

    private static FunctionKernel Max(PoolGeometry g, int channels, WorkerPool pool)
        => new(Name("max pool", g), call => MaxPool.Forward(pool, call.Input(0), (nint)call.Batch * channels, g, call.Output()));

    private static FunctionKernel MaxGradient(PoolGeometry g, int channels, bool relu, WorkerPool pool)
        => new(Name("max pool gradient", g), call =>
        {
            MaxPool.Backward(pool, call.Input(0), call.Input(1), (nint)call.Batch * channels, g, call.Output());
            if (relu)
                Pointwise.Map(pool, call.Input(0), call.Output(), call.Output(), call.Count(), default(ReluGradient));
        });

    private static FunctionKernel Switches(PoolGeometry g, int channels, WorkerPool pool)
        => new("max pool switches", call => MaxPool.Switches(pool, call.Input(0), (nint)call.Batch * channels, g, call.Output()));

    private static FunctionKernel Average(AveragePoolOp op, PoolGeometry g, int channels, WorkerPool pool)
    {
        var means = new Resample(AveragePool.Maps(op, g));
        return new(Name("average pool", g), call => AveragePool.Forward(
            pool, call.Input(0), (nint)call.Batch * channels, g, means, call.Output()));
    }

    private static FunctionKernel Lp(float power, PoolGeometry g, int channels, WorkerPool pool)
    {
        var sums = new Resample(LpPool.Maps(g));
        return new("Lp pool", call => LpPool.Forward(pool, call.Input(0), (nint)call.Batch * channels, sums, power, call.Output()));
    }

    private static FunctionKernel LpGradient(float power, PoolGeometry g, int channels, WorkerPool pool)
    {
        var transposed = new Resample(Transpose(LpPool.Maps(g)));
        return new("Lp pool gradient", call => LpPool.Backward(
            pool, call.Input(0), call.Input(1), call.Input(2), (nint)call.Batch * channels, transposed, power, call.Output()));
    }

    private static FunctionKernel Linear(string name, IReadOnlyList<AxisMap> maps, int channels, WorkerPool pool)
    {
        var resample = new Resample(maps);
        return new(name, call => resample.Run(pool, call.Input(0), (nint)call.Batch * channels, call.Output()));
    }

    private static AxisMap[] Transpose(IReadOnlyList<AxisMap> maps) => [.. maps.Select(m => m.Transpose())];

    private static string Name(string what, PoolGeometry g) => Pool2x2.Supports(g) ? $"{what} 2×2" : what;
}
