using Microsoft.ML.ConvNet.Compile;

namespace Microsoft.ML.ConvNet.Backends;

/// <summary>
/// A backend without kernels: every step runs the op's naive implementation on managed memory. It shows what is right,
/// not what is fast.
/// </summary>
public sealed class ReferenceBackend : IBackend
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public IReadOnlyList<IPass> Passes => [];

    /// <inheritdoc/>
    public DeviceBuffer Allocate(long length) => new ArrayBuffer(length);

    /// <inheritdoc/>
    public Kernel? Find(OpSignature signature) => null;

    /// <inheritdoc/>
    public void Synchronize() { }

    private sealed class ArrayBuffer(long length) : DeviceBuffer
    {
        private readonly float[] _values = new float[length];

        public override long Length => _values.LongLength;

        public override Span<float> HostSpan(long offset, int length) => _values.AsSpan(checked((int)offset), length);

        public override void Write(long offset, ReadOnlySpan<float> source) => source.CopyTo(HostSpan(offset, source.Length));

        public override void Read(long offset, Span<float> destination) => HostSpan(offset, destination.Length).CopyTo(destination);
    }
}
