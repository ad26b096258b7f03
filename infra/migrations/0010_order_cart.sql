-- A cart becomes one order: of two checkouts at the same moment, with keys of their own, one is told so.
-- Once the order is paid or cancelled a cart that could not be emptied may be ordered again.
ALTER TABLE orders ADD COLUMN cart_id uuid;
CREATE UNIQUE INDEX idx_orders_open_cart ON orders (cart_id, user_id)
    WHERE status IN ('PENDING', 'PAYMENT_PROCESSING');
