// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: images without colour.
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Image;

public sealed class ImageGrayscalingEstimator : TrivialEstimator<ImageGrayscalingTransformer>
{
    internal ImageGrayscalingEstimator(IHostEnvironment env, string output, string input)
        : base(env.Register(nameof(ImageGrayscalingEstimator)), new ImageGrayscalingTransformer(env, output, input))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return inputSchema.With(Transformer.Columns.Select(pair =>
        {
            var column = inputSchema.Find(pair.inputColumnName);
            ImageEstimators.CheckImage(column);
            return new SchemaShape.Column(pair.outputColumnName, column.Kind, column.ItemType, column.IsKey, column.Annotations);
        }));
    }
}

public sealed class ImageGrayscalingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "ImageGrayscaleTransform";

    internal ImageGrayscalingTransformer(IHostEnvironment env, string output, string input)
        : base(env.Register("ImageGrayscale"), (output, input))
    {
    }

    private ImageGrayscalingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
    }

    internal (string outputColumnName, string inputColumnName)[] Columns => ColumnPairs;

    private protected override AddedColumn MakeColumn(int index, string outputColumnName, DataViewSchema.Column input)
    {
        ImageEstimators.CheckImage(input);
        return new AddedColumn(outputColumnName, input.Type, null, [input.Index], row =>
        {
            var getSource = row.GetGetter<MLImage>(row.Schema[input.Index]);
            MLImage source = null;
            ValueGetter<MLImage> getter = (ref MLImage image) =>
            {
                image?.Dispose();
                getSource(ref source);
                if (source == null || source.Height <= 0 || source.Width <= 0)
                    return;
                image = source.CloneWithGrayscale();
                image.Tag = source.Tag;
            };
            return (getter, () => source?.Dispose());
        });
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        SaveColumns(ctx);
    }

    private static ImageGrayscalingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return new ImageGrayscalingTransformer(env.Register(LoaderSignature), ctx);
    }

    private static VersionInfo Version() => new("IMGGRAYT", 0x00010001, 0x00010001, 0x00010001, typeof(ImageGrayscalingTransformer).Assembly.FullName, LoaderSignature);
}
