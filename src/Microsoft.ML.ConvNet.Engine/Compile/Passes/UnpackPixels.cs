using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile.Passes;

/// <summary>
/// Has a computation take one of its inputs as bytes: a quarter of the memory to copy to a device, where <see cref="PixelsOp"/> makes them numbers
/// in the layout of the first layer. The results stay the same.
/// </summary>
/// <param name="input">The input.</param>
public sealed class UnpackPixels(Node input) : IPass
{
    /// <summary>The input that takes its place, with four bytes to a float: see <see cref="PixelsOp"/>.</summary>
    public Node Packed { get; } = new(new InputOp { Shape = PixelsOp.PackedShape(input.Shape) }, [], $"{input.Name}.Packed");

    /// <inheritdoc/>
    public Computation Run(Computation computation, int maxBatch)
        => computation.Rewrite((node, _) => node == input ? new Node(new PixelsOp { Shape = input.Shape }, [Packed], input.Name) : null);

    /// <summary>A computation that takes an input as bytes, and the input that takes them.</summary>
    internal static (Computation Computation, Node Packed) Of(Computation computation, Node input, int maxBatch)
    {
        var pass = new UnpackPixels(input);
        return (pass.Run(computation, maxBatch), pass.Packed);
    }
}
