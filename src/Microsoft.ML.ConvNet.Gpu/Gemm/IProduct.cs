namespace Microsoft.ML.ConvNet.Gpu;

/// <summary>
/// A matrix product C = A·B whose operands need not be stored as matrices: index maths says where the elements of a row, of a column and of a
/// depth lie. An element's index is the sum of those of its two lines. A convolution is a product whose B is read through windows, where the places of the two lines are added too, and their sum is
/// padding outside of <see cref="ExtentsOfB"/>; that of a matrix product is pointwise.
/// </summary>
public interface IProduct
{
    /// <summary>The index of the first element of a row of A.</summary>
    int Row(int row, int group, WindowShape window);

    /// <summary>Where the elements of one column of B lie.</summary>
    Fiber Column(int column, int group, WindowShape window);

    /// <summary>Where the elements of one depth lie, in rows of A and columns of B.</summary>
    Layer Depth(int depth, int group, WindowShape window);

    /// <summary>The extents of the planes of B that are read through windows.</summary>
    Extents ExtentsOfB();

    /// <summary>The part of an output's index that its row gives.</summary>
    int OutputOfRow(int row, int group, WindowShape window);

    /// <summary>The part of an output's index that its column gives.</summary>
    int OutputOfColumn(int column);
}

/// <summary>Where the elements of a column lie.</summary>
public struct Fiber
{
    /// <summary>The index of the first.</summary>
    public int Offset;

    /// <summary>The place of the first in its plane, where the elements are read through windows.</summary>
    public int D, H, W;
}

/// <summary>The extents of a plane.</summary>
public struct Extents
{
    /// <summary>Along each axis; 1 along those that a tensor does not have.</summary>
    public int D, H, W;
}

/// <summary>Where the elements of one depth lie.</summary>
public struct Layer
{
    /// <summary>The distance from the first element of a row of A, and of a column of B.</summary>
    public int A, B;

    /// <summary>The distance from the place of the first element, where elements are read through windows.</summary>
    public int D, H, W;
}

/// <summary>What a kernel of products is compiled for.</summary>
public record struct ProductForm
{
    /// <summary>The window that B is read through.</summary>
    public WindowShape Window;

    /// <summary>Whether neighbours in memory are neighbours in depth, rather than rows of A or columns of B: 1 or 0.</summary>
    public int AByDepth, BByDepth;

    /// <summary>
    /// Whether four neighbours may be loaded at once: 1 or 0. They begin at a multiple of four, in memory and in the matrix, and the matrix ends at one.
    /// </summary>
    public int AQuads, BQuads;

    /// <summary>Whether four neighbouring columns of a row of C, beginning at a multiple of four, lie side by side in memory and begin at such a multiple there: 1 or 0.</summary>
    public int CQuads;
}

/// <summary>The extents of a product and what becomes of its sums.</summary>
public struct ProductShape
{
    /// <summary>The extents, and the depth of one split.</summary>
    public int Rows, Columns, Depth, Chunk;

    /// <summary>The number of splits of the depth, and of elements of the output of each.</summary>
    public int Splits, Length;

    /// <summary>Whether a bias and a tensor are added, and whether negative results become zero after that: 1 or 0.</summary>
    public int Bias, Adds, Relu;

    /// <summary>Whether the bias has a number for each column, rather than for each row of all groups: 1 or 0.</summary>
    public int BiasOfColumns;
}
