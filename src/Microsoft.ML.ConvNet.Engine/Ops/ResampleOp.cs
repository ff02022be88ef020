using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// What resizing and adaptive pooling share: a linear map of each spatial axis by itself, the same for all channels. Input: C and one to
/// three spatial axes.
/// </summary>
public abstract record ResampleOp : Op
{
    /// <summary>The map of one axis.</summary>
    public abstract AxisMap Map(int input, int output);

    /// <summary>The maps of depth, height and width.</summary>
    public IReadOnlyList<AxisMap> Maps(Shape x, Shape y) => [Map(x.D, y.D), Map(x.H, y.H), Map(x.W, y.W)];

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.ExpectBatched(0);
        return new TensorType(Resample(inputs, inputs[0].Shape), Batched: true);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
        => AxisMap.Apply(Maps(call.InputTypes[0].Shape, call.OutputType.Shape), call.Input(0), call.Output);

    internal Shape Resample(OpInputs inputs, Shape x)
    {
        if (x.Rank is < 2 or > 4)
            throw inputs.Error("it takes channels and one to three spatial axes, such as C×H×W");
        if (SpatialAxes != x.Rank - 1)
            throw inputs.Error($"it is for {SpatialAxes} spatial axes, not {x.Rank - 1}");
        return new Shape([x.C, .. Enumerable.Range(0, SpatialAxes).Select(axis => Extent(axis, x[axis + 1]))]);
    }

    /// <summary>The number of spatial axes that the attributes are for.</summary>
    private protected abstract int SpatialAxes { get; }

    /// <summary>An extent times a factor; one that no shape can have where it is too large.</summary>
    private protected static int Grown(int input, int factor) => (int)Math.Min(int.MaxValue, (long)input * factor);

    /// <summary>What becomes of the extent of one spatial axis.</summary>
    private protected abstract int Extent(int axis, int input);
}

/// <summary>dL/dx of a <see cref="ResampleOp"/>: the transposed maps. Input: dy.</summary>
public abstract record ResampleGradientOp : Op
{
    /// <summary>The shape of the input, which the output's leaves open.</summary>
    public required Shape InputShape { get; init; }

    /// <summary>The maps of depth, height and width from dy to dx.</summary>
    public IReadOnlyList<AxisMap> Maps(Shape dY) => [.. Resampling.Maps(InputShape, dY).Select(m => m.Transpose())];

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(1);
        inputs.Expect(0, new TensorType(Resampling.Resample(inputs, InputShape), true), "output gradient");
        return new TensorType(InputShape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
        => AxisMap.Apply(Maps(call.InputTypes[0].Shape), call.Input(0), call.Output);

    private protected abstract ResampleOp Resampling { get; }
}
