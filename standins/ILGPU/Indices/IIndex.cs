namespace ILGPU;

/// <summary>An index or an extent of one to three dimensions.</summary>
public interface IIndex
{
    long Size { get; }
}
