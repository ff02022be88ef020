namespace Microsoft.ML.ConvNet.Data;

/// <summary>
/// Rows of equal length, in memory up to a bound and in a temporary file beyond it. Rows may be added by several threads at
/// once, and then read by several at once.
/// </summary>
/// <param name="rowBytes">The bytes of a row.</param>
/// <param name="memoryBytes">The bytes to keep in memory.</param>
/// <param name="folder">Where to put the file; the system's folder for temporary files by default.</param>
internal sealed class SampleStore(int rowBytes, long memoryBytes, string? folder = null) : IDisposable
{
    private const int BlockBytes = 1 << 22;

    private readonly int _rowsPerBlock = Math.Max(1, BlockBytes / rowBytes);
    private readonly List<byte[]> _blocks = [];
    private readonly Lock _lock = new();
    private FileStream? _file;
    private int _fileStart;

    /// <summary>The number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>Whether some rows are in the file.</summary>
    public bool HasSpilled => _file != null;

    /// <summary>Adds a row and returns its index.</summary>
    public int Add(ReadOnlySpan<byte> row)
    {
        lock (_lock)
        {
            if (_file == null && Count % _rowsPerBlock == 0)
                Grow();
            if (_file == null)
                row.CopyTo(Block(Count));
            else
                RandomAccess.Write(_file.SafeFileHandle, row, FileOffset(Count));
            return Count++;
        }
    }

    /// <summary>Reads a row.</summary>
    public void Read(int index, Span<byte> row)
    {
        if (_file == null || index < _fileStart)
        {
            Block(index).CopyTo(row);
            return;
        }

        for (var filled = 0; filled < row.Length;)
        {
            var read = RandomAccess.Read(_file.SafeFileHandle, row[filled..], FileOffset(index) + filled);
            if (read == 0)
                throw new EndOfStreamException($"The temporary file '{_file.Name}' of cached rows has become shorter.");
            filled += read;
        }
    }

    /// <summary>Deletes the file.</summary>
    public void Dispose() => _file?.Dispose();

    private void Grow()
    {
        if ((long)(_blocks.Count + 1) * _rowsPerBlock * rowBytes <= memoryBytes)
        {
            _blocks.Add(GC.AllocateUninitializedArray<byte>(_rowsPerBlock * rowBytes));
            return;
        }

        _fileStart = Count;
        _file = new FileStream(
            Path.Combine(folder ?? Path.GetTempPath(), $"convnet-{Guid.NewGuid():N}.cache"),
            FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose | FileOptions.RandomAccess);
    }

    private Span<byte> Block(int index) => _blocks[index / _rowsPerBlock].AsSpan(index % _rowsPerBlock * rowBytes, rowBytes);

    private long FileOffset(int index) => (long)(index - _fileStart) * rowBytes;
}
