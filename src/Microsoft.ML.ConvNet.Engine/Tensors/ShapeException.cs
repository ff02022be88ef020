namespace Microsoft.ML.ConvNet;

/// <summary>
/// A layer received a tensor that it cannot work on. The message names the layer, what it expects and what it got.
/// </summary>
public sealed class ShapeException : ArgumentException
{
    /// <summary>Makes an exception without a message.</summary>
    public ShapeException() { }

    /// <summary>Makes an exception with a message.</summary>
    public ShapeException(string message) : base(message) { }

    /// <summary>Makes an exception with a message and a cause.</summary>
    public ShapeException(string message, Exception innerException) : base(message, innerException) { }
}
