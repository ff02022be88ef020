namespace ILGPU.Runtime;

/// <summary>An error of a driver. The stand-in has no driver, and throws what the kernel threw.</summary>
public abstract class AcceleratorException : Exception
{
    protected AcceleratorException() { }
    protected AcceleratorException(string message) : base(message) { }
    protected AcceleratorException(string message, Exception innerException) : base(message, innerException) { }

    public abstract AcceleratorType AcceleratorType { get; }
}
