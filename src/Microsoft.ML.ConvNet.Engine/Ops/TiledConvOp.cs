using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>
/// Convolution with several sets of filters, which take turns from place to place:
/// y[o, p] = b[o] + Σ w[tile(p), o, c, t] · x[c, p·stride − padding + t·dilation] over channels c and taps t, where tile(p) is
/// p modulo <see cref="Tiles"/> along each axis (Goodfellow, Bengio &amp; Courville, Deep Learning, equation 9.10). One tile is
/// <see cref="ConvOp"/>; as many tiles as places make the layer locally connected: no two places share a weight (equation
/// 9.9). Inputs: x, C×W or C×H×W; the weight (tiles·O)×C×taps, whose rows are the O filters of the first tile, then those of
/// the second, and so on, the tiles in scanning order; and optionally a bias of O.
/// </summary>
[Op("TiledConv")]
public sealed record TiledConvOp : Op, IWindowed
{
    /// <summary>How the filters move over the input.</summary>
    public required Window Window { get; init; }

    /// <summary>The number of sets of filters along each axis.</summary>
    public required Size Tiles { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2, 3);
        inputs.ExpectBatched(0);
        var x = inputs[0].Shape;
        CheckTiles(inputs);
        var filters = inputs[1].Shape.C / TileCount;
        var y = InferOutput(inputs, x, Math.Max(1, filters));
        inputs.Expect(1, new TensorType(WeightShape(x, Math.Max(1, filters)), false), "weight");
        if (inputs.Count > 2)
            inputs.Expect(2, new TensorType([filters], false), "bias");
        return new TensorType(y, Batched: true);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var dY = context.OutputGradient;
        if (context.Needs(0))
            context.Add(0, context.New(new TiledConvInputGradientOp { Window = Window, Tiles = Tiles, InputShape = context.Input(0).Shape }, dY, context.Input(1)));
        if (context.Needs(1))
            context.Add(1, context.New(new TiledConvWeightGradientOp { Window = Window, Tiles = Tiles, Shape = context.Input(1).Shape }, context.Input(0), dY));
        if (context.Needs(2))
            context.Add(2, context.New(new ChannelSumOp(), dY));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var w = call.Input(1);
        var y = call.Output;
        var bias = call.InputTypes.Count > 2 ? call.Input(2) : default;
        var shape = call.OutputType.Shape;
        for (var i = 0; i < y.Length; i++)
            y[i] = bias.IsEmpty ? T.Zero : bias[i / shape.Plane % shape.C];
        foreach (var (xi, wi, yi) in Products(call.Batch, call.InputTypes[0].Shape, shape))
            y[yi] += x[xi] * w[wi];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs)
        => Describe(inputs[0].Shape, inputs.Count > 1 && TileCount > 0 ? inputs[1].Shape.C / TileCount : 0);

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)output.Length * inputs[1].Shape.Plane;

    /// <summary>The number of sets of filters.</summary>
    internal int TileCount => Tiles.Height * Tiles.Width;

    /// <summary>The shape of the weight for an input of <paramref name="x"/>: (tiles·filters) × channels × window.</summary>
    public Shape WeightShape(Shape x, int filters) => new ConvOp { Window = Window }.WeightShape(x, TileCount * filters);

    /// <summary>The shape of the output, with <paramref name="filters"/> filters in each tile.</summary>
    /// <exception cref="ShapeException">The attributes make no sense, no window fits, or there are more tiles than places.</exception>
    internal Shape InferOutput(OpInputs inputs, Shape x, int filters)
    {
        CheckTiles(inputs);
        var y = Window.Infer(inputs, x, filters);
        if (x.Rank > 3)
            throw inputs.Error("it takes one or two spatial axes");
        if (Tiles.Height > y.H || Tiles.Width > y.W)
            throw inputs.Error($"there are {Tiles.Height}×{Tiles.Width} tiles for {y.H}×{y.W} places");
        return y;
    }

    /// <summary>All products x[X]·w[W] of which y[Y] is the sum.</summary>
    internal IEnumerable<(int X, int W, int Y)> Products(int batch, Shape x, Shape y)
    {
        for (var i = 0; i < batch * y.Length; i++)
        {
            var (sample, filter, row, column) = (i / y.Length, i / y.Plane % y.C, i / y.W % y.H, i % y.W);
            var tile = (row % Tiles.Height * Tiles.Width) + (column % Tiles.Width);
            for (var c = 0; c < x.C; c++)
            {
                foreach (var (tap, (_, kh, kw)) in Window.EachTap().Index())
                {
                    var (xh, xw) = (Window.Height.Input(row, kh), Window.Width.Input(column, kw));
                    if ((uint)xh < (uint)x.H && (uint)xw < (uint)x.W)
                        yield return (((((sample * x.C) + c) * x.H) + xh) * x.W + xw, ((((tile * y.C) + filter) * x.C) + c) * Window.Taps + tap, i);
                }
            }
        }
    }

    internal string Describe(Shape x, int filters)
        => $"{ConvOp.Describe(Window, 1, x, filters)}, {(x.Rank == 2 ? "" : $"{Tiles.Height}×")}{Tiles.Width} {(TileCount == 1 ? "tile" : "tiles")}";

    private void CheckTiles(OpInputs inputs)
    {
        if (Tiles.Height < 1 || Tiles.Width < 1)
            throw inputs.Error($"it needs at least 1×1 tiles, not {Tiles.Height}×{Tiles.Width}");
    }
}

/// <summary>
/// dL/dx of a tiled convolution: dx[c, i] = Σ w[tile(p), o, c, t] · dy[o, p] over all filters, taps and places with p·stride −
/// padding + t·dilation = i. Inputs: dy and the weight.
/// </summary>
[Op("TiledConvInputGradient")]
public sealed record TiledConvInputGradientOp : Op
{
    /// <summary>How the filters moved over the input.</summary>
    public required Window Window { get; init; }

    /// <summary>The number of sets of filters along each axis.</summary>
    public required Size Tiles { get; init; }

    /// <summary>The shape of the input, which the stride leaves open.</summary>
    public required Shape InputShape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.Expect(0, new TensorType(Forward.InferOutput(inputs, InputShape, inputs[0].Shape.C), true), "output gradient");
        inputs.Expect(1, new TensorType(Forward.WeightShape(InputShape, inputs[0].Shape.C), false), "weight");
        return new TensorType(InputShape, Batched: true);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (dY, weight, x) = (context.Input(0), context.Input(1), context.OutputGradient);
        if (context.Needs(0))
            context.Add(0, context.New(Forward, x, weight));
        if (context.Needs(1))
            context.Add(1, context.New(new TiledConvWeightGradientOp { Window = Window, Tiles = Tiles, Shape = weight.Shape }, x, dY));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var dY = call.Input(0);
        var w = call.Input(1);
        var dX = call.Output;
        dX.Clear();
        foreach (var (xi, wi, yi) in Forward.Products(call.Batch, InputShape, call.InputTypes[0].Shape))
            dX[xi] += dY[yi] * w[wi];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => Forward.Describe(InputShape, inputs[0].Shape.C);

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)inputs[0].Shape.Length * inputs[1].Shape.Plane;

    private TiledConvOp Forward => new() { Window = Window, Tiles = Tiles };
}

/// <summary>
/// dL/dw of a tiled convolution: dw[tile, o, c, t] = Σ dy[o, p] · x[c, p·stride − padding + t·dilation] over all samples and the
/// places of the tile. Inputs: x and dy.
/// </summary>
[Op("TiledConvWeightGradient")]
public sealed record TiledConvWeightGradientOp : Op
{
    /// <summary>How the filters moved over the input.</summary>
    public required Window Window { get; init; }

    /// <summary>The number of sets of filters along each axis.</summary>
    public required Size Tiles { get; init; }

    /// <summary>The shape of the weight.</summary>
    public required Shape Shape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        inputs.ExpectBatched(0);
        var (x, filters) = (inputs[0].Shape, inputs[1].Shape.C);
        inputs.Expect(1, new TensorType(Forward.InferOutput(inputs, x, filters), true), "output gradient");
        if (Shape != Forward.WeightShape(x, filters))
            throw inputs.Error($"the weight would be {Forward.WeightShape(x, filters)}, not {Shape}");
        return new TensorType(Shape, Batched: false);
    }

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var (x, dY, weight) = (context.Input(0), context.Input(1), context.OutputGradient);
        if (context.Needs(0))
            context.Add(0, context.New(new TiledConvInputGradientOp { Window = Window, Tiles = Tiles, InputShape = x.Shape }, dY, weight));
        if (context.Needs(1))
            context.Add(1, context.New(Forward, x, weight));
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var x = call.Input(0);
        var dY = call.Input(1);
        var dW = call.Output;
        dW.Clear();
        foreach (var (xi, wi, yi) in Forward.Products(call.Batch, call.InputTypes[0].Shape, call.InputTypes[1].Shape))
            dW[wi] += x[xi] * dY[yi];
    }

    /// <inheritdoc/>
    public override string Describe(OpInputs inputs) => Forward.Describe(inputs[0].Shape, inputs.Count > 1 ? inputs[1].Shape.C : 0);

    /// <inheritdoc/>
    public override long MultiplyAdds(OpInputs inputs, Shape output)
        => (long)inputs[1].Shape.Length * output.Plane;

    private TiledConvOp Forward => new() { Window = Window, Tiles = Tiles };
}
