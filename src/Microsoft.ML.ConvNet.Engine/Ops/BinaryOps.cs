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

/// <summary>a / b, element by element.</summary>
[Op("Divide")]
public sealed record DivideOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => a / b;

    /// <inheritdoc/>
    public override void Gradient(GradientContext context)
    {
        var share = context.New(new DivideOp(), context.OutputGradient, context.Input(1));
        if (context.Needs(0))
            context.Add(0, SumTo(context, share, 0));
        if (context.Needs(1))
        {
            var product = context.New(new MultiplyOp(), share, context.Node);
            context.Add(1, SumTo(context, context.New(new AffineOp { Factor = -1 }, product), 1));
        }
    }
}

/// <summary>The larger of a and b, element by element; of equal ones the gradient goes to a.</summary>
[Op("Maximum")]
public sealed record MaximumOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => T.Max(a, b);

    /// <inheritdoc/>
    public override void Gradient(GradientContext context) => Share(context, context.New(new NotLessOp(), context.Input(0), context.Input(1)));

    /// <summary>Sends the gradient to a where the mask is 1, and to b where it is 0.</summary>
    internal static void Share(GradientContext context, Node mask)
    {
        var toA = context.New(new MultiplyOp(), context.OutputGradient, mask);
        if (context.Needs(0))
            context.Add(0, SumTo(context, toA, 0));
        if (context.Needs(1))
            context.Add(1, SumTo(context, context.New(new SubtractOp(), context.OutputGradient, toA), 1));
    }
}

/// <summary>The smaller of a and b, element by element; of equal ones the gradient goes to a.</summary>
[Op("Minimum")]
public sealed record MinimumOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => T.Min(a, b);

    /// <inheritdoc/>
    public override void Gradient(GradientContext context) => MaximumOp.Share(context, context.New(new NotLessOp(), context.Input(1), context.Input(0)));
}

/// <summary>1 where a ≥ b, else 0; without a gradient.</summary>
[Op("NotLess")]
public sealed record NotLessOp : BinaryOp
{
    /// <inheritdoc/>
    public override T Apply<T>(T a, T b) => a >= b ? T.One : T.Zero;

    /// <summary>The function is flat, so nothing is added.</summary>
    public override void Gradient(GradientContext context) { }
}
