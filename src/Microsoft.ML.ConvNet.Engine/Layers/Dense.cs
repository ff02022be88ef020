using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>Fully connected layers.</summary>
public static class DenseLayer
{
    /// <summary>
    /// A fully connected layer: y = W·x + b. An image is flattened first. Output: <paramref name="units"/>.
    /// </summary>
    /// <param name="x">The input, of any shape.</param>
    /// <param name="units">The number of outputs.</param>
    /// <param name="bias">Whether b is there.</param>
    /// <param name="initializer">How W starts; <see cref="Initializer.He"/> by default.</param>
    /// <param name="name">The layer's name; dense1, dense2 … by default.</param>
    /// <exception cref="ShapeException">There are no units.</exception>
    public static Node Dense(this Node x, int units, bool bias = true, Initializer? initializer = null, string? name = null)
    {
        name ??= x.Scope.Next("dense");
        var op = new MatMulOp { TransposeB = true };
        if (units < 1)
            throw new OpInputs(op, name, [x]).Error($"it needs at least 1 unit, not {units}");
        if (x.Shape.Rank != 1)
            x = x.Flatten();
        var weight = x.Variable([units, x.Shape.Length], initializer ?? Initializer.He, $"{name}.weight");
        return bias
            ? new Node(op, [x, weight, x.Variable([units], Initializer.Zeros, $"{name}.bias")], name)
            : new Node(op, [x, weight], name);
    }
}
