namespace Microsoft.ML.ConvNet;

/// <summary>There is no such GPU, or its driver is missing; the message says what was looked for.</summary>
public sealed class GpuUnavailableException : Exception
{
    /// <summary>An error with a message.</summary>
    public GpuUnavailableException(string message) : base(message)
    {
    }

    /// <summary>An error with a message and what caused it.</summary>
    public GpuUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
