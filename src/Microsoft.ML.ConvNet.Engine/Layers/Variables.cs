using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>What layers are built on: parameters and states of their own.</summary>
public static class Variables
{
    /// <summary>A parameter for a layer on <paramref name="x"/>, changed by its gradient in training.</summary>
    /// <param name="x">The layer's input; the parameter joins its network.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="initializer">How it starts.</param>
    /// <param name="name">Its name, such as conv1.weight.</param>
    public static Node Variable(this Node x, Shape shape, Initializer initializer, string name)
        => new(new VariableOp { Shape = shape, Trainable = true, Initializer = initializer }, [], name, x.Scope);

    /// <summary>A state for a layer on <paramref name="x"/>, changed by the layer itself in training.</summary>
    /// <param name="x">The layer's input; the state joins its network.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="initializer">How it starts.</param>
    /// <param name="name">Its name, such as batchNorm1.running.</param>
    public static Node State(this Node x, Shape shape, Initializer initializer, string name)
        => new(new VariableOp { Shape = shape, Trainable = false, Initializer = initializer }, [], name, x.Scope);
}
