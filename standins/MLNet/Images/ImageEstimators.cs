// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: what the image stages check of their input.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

internal static class ImageEstimators
{
    public static void CheckImage(SchemaShape.Column column)
    {
        if (column.ItemType is not ImageDataViewType || column.Kind != SchemaShape.Column.VectorKind.Scalar)
            throw Contracts.SchemaMismatch("inputSchema", "input", column.Name, "Image", column.GetTypeString());
    }

    public static void CheckImage(DataViewSchema.Column column)
    {
        if (column.Type is not ImageDataViewType)
            throw Contracts.SchemaMismatch("inputSchema", "input", column.Name, "image", column.Type.ToString());
    }
}
