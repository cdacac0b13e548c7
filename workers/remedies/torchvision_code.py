"""Stand-ins for functions of torchvision, as the code that a script gets (torchvision 0.29)."""

BATCHED_NMS = '''
batched_nms = box_ops.batched_nms


@torch.library.custom_op("exportable::batched_nms", mutates_args=())
def exportable_batched_nms(
    boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float
) -> Tensor:
    """torchvision's own function, as one operator."""
    return batched_nms(boxes, scores, idxs, iou_threshold)


@exportable_batched_nms.register_fake
def _(boxes, scores, idxs, iou_threshold):
    kept = torch.library.get_ctx().new_dynamic_size()
    return boxes.new_empty(kept, dtype=torch.int64)


box_ops.batched_nms = exportable_batched_nms
'''

DECODE_BOXES = '''
def exportable_decode(self, rel_codes, boxes):
    """BoxCoder.decode for any number of boxes, none included."""
    concat_boxes = torch.cat(boxes, dim=0)
    count = concat_boxes.shape[0]
    pred_boxes = self.decode_single(rel_codes.reshape(count, rel_codes.shape[-1]), concat_boxes)
    return pred_boxes.reshape(count, rel_codes.shape[-1] // 4, 4)


detection_utils.BoxCoder.decode = exportable_decode
'''

ROI_ALIGN = '''
def exportable_roi_align(x_filtered, boxes, output_size, sampling_ratio, scales, mapper):
    """MultiScaleRoIAlign's pooling; the number of boxes stays a symbol."""
    rois = poolers._convert_to_roi_format(boxes)
    if len(x_filtered) == 1:
        return roi_align(x_filtered[0], rois, output_size, scales[0], sampling_ratio)
    levels = mapper(boxes)
    result = x_filtered[0].new_zeros((rois.shape[0], x_filtered[0].shape[1], *output_size))
    for level, (feature, scale) in enumerate(zip(x_filtered, scales)):
        index = torch.where(levels == level)[0]
        pooled = roi_align(feature, rois[index], output_size, scale, sampling_ratio)
        result = result.index_put((index,), pooled.to(result.dtype))
    return result


poolers._multiscale_roi_align = exportable_roi_align
'''

PASTE_MASKS = '''
paste_masks_in_image = roi_heads.paste_masks_in_image


@torch.library.custom_op("exportable::paste_masks", mutates_args=())
def exportable_paste_masks(
    masks: Tensor, boxes: Tensor, height: int, width: int, padding: int
) -> Tensor:
    """torchvision's own function, as one operator."""
    return paste_masks_in_image(masks, boxes, (height, width), padding)


@exportable_paste_masks.register_fake
def _(masks, boxes, height, width, padding):
    return masks.new_empty(masks.shape[0], 1, height, width)


def paste_masks_as_operator(masks, boxes, img_shape, padding=1):
    """Paste masks (N, 1, M, M) into boxes (N, 4) of an image of this height and width."""
    return exportable_paste_masks(masks, boxes, img_shape[0], img_shape[1], padding)


roi_heads.paste_masks_in_image = paste_masks_as_operator
transform.paste_masks_in_image = paste_masks_as_operator
'''

KEYPOINTS = '''
heatmaps_to_keypoints = roi_heads.heatmaps_to_keypoints


@torch.library.custom_op("exportable::heatmaps_to_keypoints", mutates_args=())
def exportable_keypoints(maps: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """torchvision's own function, as one operator."""
    keypoints, scores = heatmaps_to_keypoints(maps, rois)
    return keypoints.contiguous(), scores


@exportable_keypoints.register_fake
def _(maps, rois):
    count, kinds = maps.shape[:2]
    return maps.new_empty(count, kinds, 3), maps.new_empty(count, kinds)


roi_heads.heatmaps_to_keypoints = exportable_keypoints
'''
