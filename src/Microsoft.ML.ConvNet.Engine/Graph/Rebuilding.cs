using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>The same trained network for other inputs.</summary>
public static class Rebuilding
{
    /// <summary>
    /// The network for inputs of another size, with the same values. It must not have layers that fix the size, such as dense ones on
    /// flattened images; see <see cref="ToFullyConvolutional"/>.
    /// </summary>
    /// <param name="network">The network, with one input.</param>
    /// <param name="input">The shape of the new input, with as many channels as before.</param>
    /// <exception cref="ShapeException">A layer cannot work on the new size.</exception>
    public static Network WithInput(this Network network, Shape input)
        => network.Rebuild(input, Resized);

    /// <summary>
    /// Turns dense layers into convolutions (Long, Shelhamer &amp; Darrell 2015, section 3.1), so that a trained classifier slides over
    /// larger images: one pass gives the scores of all crops, C×H′×W′, or their average. The values stay as they are.
    /// </summary>
    /// <param name="network">The network, with one input C×H×W.</param>
    /// <param name="height">The height of the larger images.</param>
    /// <param name="width">Their width.</param>
    /// <param name="average">Whether the scores are averaged over all places, so that the output's shape is as before.</param>
    /// <exception cref="ShapeException">The images are smaller than the network's input, or a layer cannot slide.</exception>
    public static Network ToFullyConvolutional(this Network network, int height, int width, bool average = false)
    {
        var output = network.Output;
        var rebuilt = network.Rebuild([network.RequireSingleInput().Shape.C, height, width], (node, inputs) => node.Op switch
        {
            ReshapeOp when IsFlatten(node) => inputs[0],
            MatMulOp { TransposeA: false, TransposeB: true } when node.Inputs[1].Op is VariableOp => AsConvolution(node, inputs),
            _ => Resized(node, inputs),
        });
        if (!average || rebuilt.Output.Shape.Rank == 1)
            return rebuilt;
        return WithValuesOf(network, new Network(rebuilt.Output.GlobalAveragePool().Reshape(output.Shape)));
    }

    /// <summary>
    /// Ops that name a size which follows the input's: a transposed convolution and an unpooling that of their output, global max pooling that of
    /// its window. (A max pooling by any other name has a stride.)
    /// </summary>
    private static Node? Resized(Node node, IReadOnlyList<Node> inputs)
    {
        if (inputs.Count == 0)
            return null;
        var (before, now) = (node.Inputs[0].Shape, inputs[0].Shape);
        Op? op = node.Op switch
        {
            ConvTransposeOp transpose when now != before => transpose.ForInput(before, now),
            MaxUnpoolOp when inputs[1].Op is MaxPoolSwitchesOp => new MaxUnpoolOp { Shape = inputs[1].Inputs[0].Shape },
            MaxPoolOp pool when pool.Window == Pooling.Everything(before) => pool with { Window = Pooling.Everything(now) },
            _ => null,
        };
        return op == null ? null : new Node(op, inputs, node.Name);
    }

    private static bool IsFlatten(Node node) => node.Shape.Rank == 1 && node.Inputs[0].Shape.Rank == 3;

    /// <summary>A dense layer as a convolution whose window is the whole image that was flattened before it, or one place.</summary>
    private static Node AsConvolution(Node node, IReadOnlyList<Node> inputs)
    {
        var source = node.Inputs[0];
        while (source.Op is not ReshapeOp && source.Inputs.Count > 0 && source.Shape.Rank == 1 && source.Op is not MatMulOp)
            source = source.Inputs[0];
        var window = source.Op is ReshapeOp && IsFlatten(source) ? source.Inputs[0].Shape : new Shape(node.Inputs[0].Shape.Length, 1, 1);
        var op = new ConvOp { Window = new Window(new WindowAxis(window.H), new WindowAxis(window.W)) };
        var weight = inputs[1].Reshape([node.Shape.Length, window.C, window.H, window.W], $"{inputs[1].Name}.window");
        return new Node(op, [inputs[0], weight, .. inputs.Skip(2)], node.Name);
    }

    private static Network Rebuild(this Network network, Shape input, Func<Node, IReadOnlyList<Node>, Node?> replace)
    {
        var old = network.RequireSingleInput();
        if (input.Rank != old.Shape.Rank || input.C != old.Shape.C)
            throw new ShapeException($"The network's input '{old.Name}' is {old.Shape}; it cannot become {input}, only another size with {old.Shape.C} channels.");
        var fresh = new Node(new InputOp { Shape = input }, [], old.Name, old.Scope);
        return WithValuesOf(network, new Network(Traversal.Rewrite(
            [network.Output], (node, inputs) => node == old ? fresh : replace(node, inputs))[0]));
    }

    /// <summary>Gives the variables, which both networks share, the values that they have in the first.</summary>
    private static Network WithValuesOf(Network network, Network rebuilt)
    {
        if (network.Weights == null)
            return rebuilt;
        rebuilt.SetWeights(new float[rebuilt.Layout.Length]);
        foreach (var variable in rebuilt.Layout.Variables)
            network.Values(variable.Node.Name).CopyTo(rebuilt.Values(variable.Node.Name));
        return rebuilt;
    }
}
