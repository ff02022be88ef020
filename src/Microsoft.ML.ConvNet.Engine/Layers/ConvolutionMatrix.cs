using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Convolution as matrices, for teaching and for tests: it is linear, so it is a product with a sparse matrix made of the
/// weights (Goodfellow, Bengio &amp; Courville, Deep Learning, section 9.1; Dumoulin &amp; Visin 2016, section 4.1), or a product
/// of the weights with a matrix made of the image's windows. Layers do not work this way: see the kernels of a backend.
/// </summary>
/// <remarks>Tensors are in the order of their shapes, for example C×H×W, the last axis fastest.</remarks>
public static class ConvolutionMatrix
{
    /// <summary>
    /// The windows of an image as the columns of a matrix: (C·taps)×places, with zeros where a window lies on padding. The
    /// weight as a filters×(C·taps) matrix, times this, is the convolution.
    /// </summary>
    /// <param name="image">The elements.</param>
    /// <param name="shape">The shape of the image: channels and one to three spatial axes.</param>
    /// <param name="window">How the window moves.</param>
    /// <exception cref="ShapeException">No window fits into the image.</exception>
    /// <exception cref="ArgumentException">The number of elements is not that of the shape.</exception>
    public static float[,] Im2Col(ReadOnlySpan<float> image, Shape shape, Window window)
    {
        CheckLength(image.Length, shape.Length, nameof(image));
        var columns = new float[shape.C * window.Taps, Output(shape, 1, window, groups: 1).Plane];
        foreach (var (row, column, element) in Windows(shape, window))
            columns[row, column] = image[element];
        return columns;
    }

    /// <summary>
    /// The adjoint of <see cref="Im2Col"/>: an image, each element of which is the sum of the elements of the matrix that
    /// <see cref="Im2Col"/> takes from there.
    /// </summary>
    /// <param name="columns">The matrix, (C·taps)×places.</param>
    /// <param name="shape">The shape of the image: channels and one to three spatial axes.</param>
    /// <param name="window">How the window moves.</param>
    /// <exception cref="ShapeException">No window fits into the image.</exception>
    /// <exception cref="ArgumentException">The matrix has another size.</exception>
    public static float[] Col2Im(float[,] columns, Shape shape, Window window)
    {
        CheckLength(columns.GetLength(0), shape.C * window.Taps, nameof(columns));
        CheckLength(columns.GetLength(1), Output(shape, 1, window, groups: 1).Plane, nameof(columns));
        var image = new float[shape.Length];
        foreach (var (row, column, element) in Windows(shape, window))
            image[element] += columns[row, column];
        return image;
    }

    /// <summary>
    /// The matrix of a convolution: its product with the image as a vector is the output as a vector. A row for each element of
    /// the output and a column for each of the image; most elements are zero, and each weight comes again and again. The product
    /// with its transpose is the transposed convolution.
    /// </summary>
    /// <param name="weight">The weight, filters×(C/groups)×taps.</param>
    /// <param name="shape">The shape of the image: channels and one to three spatial axes.</param>
    /// <param name="filters">The number of filters.</param>
    /// <param name="window">How the window moves.</param>
    /// <param name="groups">The number of groups.</param>
    /// <exception cref="ShapeException">No window fits into the image, or the groups do not divide channels and filters.</exception>
    /// <exception cref="ArgumentException">The weight has another length.</exception>
    public static float[,] Of(ReadOnlySpan<float> weight, Shape shape, int filters, Window window, int groups = 1)
    {
        var op = new ConvOp { Window = window, Groups = groups };
        var output = Output(shape, filters, window, groups);
        CheckLength(weight.Length, op.WeightShape(shape, filters).Length, nameof(weight));
        var matrix = new float[output.Length, shape.Length];
        foreach (var run in op.Runs(1, shape, output))
            for (var i = 0; i < run.Count; i++)
                matrix[run.Y + i, run.X + (i * run.XStep)] = weight[run.W];
        return matrix;
    }

    /// <summary>The transpose.</summary>
    public static float[,] Transpose(float[,] matrix)
    {
        var transpose = new float[matrix.GetLength(1), matrix.GetLength(0)];
        for (var row = 0; row < matrix.GetLength(0); row++)
            for (var column = 0; column < matrix.GetLength(1); column++)
                transpose[column, row] = matrix[row, column];
        return transpose;
    }

    /// <summary>The product of a matrix and a vector.</summary>
    /// <exception cref="ArgumentException">The vector has not as many elements as the matrix has columns.</exception>
    public static float[] Multiply(float[,] matrix, ReadOnlySpan<float> vector)
    {
        CheckLength(vector.Length, matrix.GetLength(1), nameof(vector));
        var product = new float[matrix.GetLength(0)];
        for (var row = 0; row < product.Length; row++)
            for (var column = 0; column < vector.Length; column++)
                product[row] += matrix[row, column] * vector[column];
        return product;
    }

    /// <summary>The row and column of each element of <see cref="Im2Col"/> that is no padding, and the element of the image.</summary>
    private static IEnumerable<(int Row, int Column, int Element)> Windows(Shape x, Window window)
    {
        var y = Output(x, 1, window, groups: 1);
        for (var c = 0; c < x.C; c++)
        {
            foreach (var (tap, (kd, kh, kw)) in window.EachTap().Index())
            {
                for (var place = 0; place < y.Plane; place++)
                {
                    var xd = window.Depth.Input(place / y.W / y.H, kd);
                    var xh = window.Height.Input(place / y.W % y.H, kh);
                    var xw = window.Width.Input(place % y.W, kw);
                    if ((uint)xd < (uint)x.D && (uint)xh < (uint)x.H && (uint)xw < (uint)x.W)
                        yield return ((c * window.Taps) + tap, place, (((((c * x.D) + xd) * x.H) + xh) * x.W) + xw);
                }
            }
        }
    }

    private static Shape Output(Shape shape, int filters, Window window, int groups)
    {
        var op = new ConvOp { Window = window, Groups = groups };
        var inputs = new OpInputs(op, "matrix", [Network.Input(shape, "image")]) { Attributes = ConvOp.Describe(window, groups, shape, filters) };
        op.CheckGroups(inputs, shape, filters);
        return window.Infer(inputs, shape, filters);
    }

    private static void CheckLength(int actual, int expected, string name)
    {
        if (actual != expected)
            throw new ArgumentException($"Expected {expected} elements; received {actual}.", name);
    }
}
