using System.Numerics;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>A function of two numbers, applied element by element; the smaller operand is repeated (<see cref="Broadcasting"/>).</summary>
public abstract record BinaryOp : Op
{
    /// <summary>f(a, b).</summary>
    public abstract T Apply<T>(T a, T b) where T : IFloatingPointIeee754<T>;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs)
    {
        inputs.ExpectCount(2);
        var (a, b) = (inputs[0], inputs[1]);
        var batched = a.Batched || b.Batched;
        foreach (var large in new[] { a with { Batched = batched }, b with { Batched = batched } })
        {
            if (Broadcasting.Fits(a, large) && Broadcasting.Fits(b, large))
                return large;
        }

        throw inputs.Error("the shapes must be equal, or one must have extents of 1 where they differ");
    }

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
    {
        var a = call.Input(0);
        var b = call.Input(1);
        var y = call.Output;
        var (aType, bType, shape) = (call.InputTypes[0], call.InputTypes[1], call.OutputType.Shape);
        var (aMap, bMap) = (Broadcasting.Map(aType.Shape, shape), Broadcasting.Map(bType.Shape, shape));
        for (var i = 0; i < y.Length; i++)
        {
            var (sample, element) = (i / shape.Length, i % shape.Length);
            y[i] = Apply(
                a[(aType.Batched ? sample * aType.Shape.Length : 0) + aMap[element]],
                b[(bType.Batched ? sample * bType.Shape.Length : 0) + bMap[element]]);
        }
    }

    /// <inheritdoc/>
    public override bool CanOverwrite(int input) => true;

    /// <summary>Sums a gradient over the elements that one element of the input was repeated for.</summary>
    protected static Node SumTo(GradientContext context, Node gradient, int input)
    {
        var type = context.Input(input).Type;
        return gradient.Type == type ? gradient : context.New(new ReduceOp { Shape = type.Shape, Batched = type.Batched }, gradient);
    }
}

/// <summary>a + b.</summary>
[Op("Add")]
public sealed record AddOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => a + b;

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        for (var input = 0; input < 2; input++)
        {
            if (context.Needs(input))
                context.Add(input, SumTo(context, context.OutputGradient, input));
        }
    }
}

/// <summary>a − b.</summary>
[Op("Subtract")]
public sealed record SubtractOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => a - b;

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        if (context.Needs(0))
            context.Add(0, SumTo(context, context.OutputGradient, 0));
        if (context.Needs(1))
            context.Add(1, SumTo(context, context.New(new AffineOp { Factor = -1 }, context.OutputGradient), 1));
    }
}

/// <summary>a · b, element by element.</summary>
[Op("Multiply")]
public sealed record MultiplyOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => a * b;

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        for (var input = 0; input < 2; input++)
        {
            if (context.Needs(input))
                context.Add(input, SumTo(context, context.New(new MultiplyOp(), context.OutputGradient, context.Input(1 - input)), input));
        }
    }
}
