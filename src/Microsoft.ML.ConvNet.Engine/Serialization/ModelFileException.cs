namespace Microsoft.ML.ConvNet;

/// <summary>A model file or checkpoint cannot be read: it is something else, damaged, or newer than this library.</summary>
public sealed class ModelFileException : FormatException
{
    /// <summary>Makes an exception without a message.</summary>
    public ModelFileException() { }

    /// <summary>Makes an exception with a message.</summary>
    public ModelFileException(string message) : base(message) { }

    /// <summary>Makes an exception with a message and a cause.</summary>
    public ModelFileException(string message, Exception innerException) : base(message, innerException) { }
}
