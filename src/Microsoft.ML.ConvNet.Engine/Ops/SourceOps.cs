using System.Text.Json.Serialization;
using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Ops;

/// <summary>A value that comes from outside, once for each sample: an image or a target.</summary>
[Op("Input")]
public sealed record InputOp : Op
{
    /// <summary>The shape of one sample.</summary>
    public required Shape Shape { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs) => new(Shape, Batched: true);

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
        => throw new InvalidOperationException("An input is set, not computed.");
}

/// <summary>
/// A value that belongs to the network and lives as long as it does: a parameter that training changes by its
/// gradient, or a state such as the running statistics of batch normalisation.
/// </summary>
[Op("Variable")]
public sealed record VariableOp : Op
{
    /// <summary>The shape of the value.</summary>
    public required Shape Shape { get; init; }

    /// <summary>Whether the value is a parameter, changed by its gradient.</summary>
    public required bool Trainable { get; init; }

    /// <summary>How the first value is made. It is not stored: a stored network has values.</summary>
    [JsonIgnore]
    public Initializer Initializer { get; init; } = Initializer.Zeros;

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs) => new(Shape, Batched: false);

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call)
        => throw new InvalidOperationException("A variable is set, not computed.");
}

/// <summary>A tensor without a batch, all of whose elements are one number.</summary>
[Op("Fill")]
public sealed record FillOp : Op
{
    /// <summary>The shape.</summary>
    public required Shape Shape { get; init; }

    /// <summary>The number.</summary>
    public required float Value { get; init; }

    /// <inheritdoc/>
    public override TensorType Infer(OpInputs inputs) => new(Shape, Batched: false);

    /// <inheritdoc/>
    public override void Reference<T>(ReferenceCall<T> call) => call.Output.Fill(T.CreateChecked(Value));
}
